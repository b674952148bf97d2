// Actions that the bridge gives up because they were cancelled. Later actions have higher numbers, and one
// runs at a time.
let lastGivenUp = 0;

// The action that has acted last, or is acting.
let lastActing = 0;

const isGivenUp = (action) => action !== undefined && action <= lastGivenUp;

const GIVEN_UP = { fail: 'givenUp' };

// Carries out an action. Nothing can come between the decision to act and the first effect, so that a
// cancelled action either does not act, or has begun to.
const acting = async (action, act) => {
  if (isGivenUp(action)) return GIVEN_UP;
  const before = lastActing;
  lastActing = action ?? 0;
  const outcome = await act();
  // With a reason to wait, or not to act at all, it has had no effect.
  if (outcome?.reason) lastActing = before;
  return outcome;
};

// Returns whether the action has acted. If not, it never will.
const giveUp = ({ action }) => {
  lastGivenUp = Math.max(lastGivenUp, action);
  disarm();
  return lastActing === action;
};
