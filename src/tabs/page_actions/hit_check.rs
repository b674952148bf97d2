//! Verifies what pointer input has reached. The script listens for the input; what it finds is answered
//! even if the input begins a navigation.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, timeout};

use super::call::process_root_world;
use super::driver::PageDriver;
use super::error::PageActionError;
use super::pointer::{ActionableElement, PointerAction};
use super::world::World;

/// How long an answer may take that should be there: of the check after the input was handled, and of
/// calls that Chromium received before a navigation began.
const GRACE: Duration = Duration::from_millis(100);

/// What the input has reached.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Hit {
    /// The intended element, or a page that has navigated because of it.
    Element,
    /// Another element, from which the input was withheld; described.
    Other(String),
    /// No element of the page.
    Nothing,
}

#[derive(Deserialize)]
struct HitResult {
    #[serde(default)]
    wrong: Option<String>,
    arrived: bool,
}

impl From<HitResult> for Hit {
    fn from(result: HitResult) -> Self {
        match result {
            HitResult {
                wrong: Some(wrong), ..
            } => Self::Other(wrong),
            HitResult { arrived: false, .. } => Self::Nothing,
            HitResult { arrived: true, .. } => Self::Element,
        }
    }
}

impl PageDriver {
    /// Sends input to an element whose hit check is armed, and returns what it has reached.
    pub(super) async fn send_to(
        &self,
        target: &ActionableElement,
        kind: PointerAction,
        send: impl Future<Output = Result<(), PageActionError>>,
        deadline: Instant,
    ) -> Result<Hit, PageActionError> {
        let world = &target.world;
        self.intercept_in_outer_frames(world, kind, deadline)
            .await?;
        self.input_sent.set();
        let known = match kind {
            PointerAction::Click => click_and_watch(world, send, deadline).await?,
            PointerAction::Hover => {
                send.await?;
                None
            }
        };
        let hit = self.disarm(world, known, deadline).await?;
        if hit != Hit::Element {
            self.input_sent.clear();
        }
        Ok(hit)
    }

    /// Cancels the input in the documents around a frame: it is meant for the frame, so any hit there
    /// is wrong.
    async fn intercept_in_outer_frames(
        &self,
        world: &Arc<World>,
        kind: PointerAction,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        #[derive(Serialize)]
        struct ArmArgs {
            kind: PointerAction,
        }
        #[derive(Deserialize)]
        struct ArmResult {}
        let mut inner = Arc::clone(world);
        while let Some((around, _)) = inner.owner() {
            let _: ArmResult = around.call("arm", &ArmArgs { kind }, deadline).await?;
            inner = around;
        }
        Ok(())
    }

    /// Ends the hit checks of an element's world and of those around it. `known`: what the element's
    /// own check has found.
    async fn disarm(
        &self,
        world: &Arc<World>,
        known: Option<Hit>,
        deadline: Instant,
    ) -> Result<Hit, PageActionError> {
        let mut next = match known {
            Some(_) => world.owner().map(|(around, _)| around),
            None => Some(Arc::clone(world)),
        };
        let mut hit = known;
        while let Some(world) = next {
            let call = world.call::<_, HitResult>("disarm", &(), deadline);
            let found = match unless_navigating(&world, call).await {
                Some(outcome) => settled(outcome)?,
                None => Hit::Element,
            };
            // An outer document only reports input that went astray.
            hit = Some(match (hit, found) {
                (Some(Hit::Other(by)), _) | (_, Hit::Other(by)) => Hit::Other(by),
                (Some(known), _) => known,
                (None, found) => found,
            });
            next = world.owner().map(|(around, _)| around);
        }
        Ok(hit.unwrap_or(Hit::Element))
    }
}

/// Sends a click, and returns what the check has found, if it has ended by itself.
async fn click_and_watch(
    world: &World,
    send: impl Future<Output = Result<(), PageActionError>>,
    deadline: Instant,
) -> Result<Option<Hit>, PageActionError> {
    // The call must be under way before the input is sent.
    let mut verdict = pin!(world.call::<_, HitResult>("hit", &(), deadline));
    let mut send = pin!(send);
    let mut hit = None;
    loop {
        tokio::select! {
            biased;
            outcome = &mut verdict, if hit.is_none() => hit = Some(settled(outcome)?),
            outcome = &mut send => break outcome?,
        }
    }
    if hit.is_none() {
        // The page may have kept the events from the check.
        let late = timeout(GRACE, verdict).await;
        hit = late.ok().map(settled).transpose()?;
    }
    Ok(hit)
}

/// The result of a call, or `None` if a navigation begins first: Chromium answers the call only after
/// that navigation has committed.
pub(super) async fn unless_navigating<T>(
    world: &Arc<World>,
    call: impl Future<Output = Result<T, PageActionError>>,
) -> Option<Result<T, PageActionError>> {
    let root = process_root_world(Arc::clone(world));
    let navigating = async {
        root.navigating().await;
        sleep(GRACE).await;
    };
    tokio::select! {
        biased;
        outcome = call => Some(outcome),
        () = navigating => None,
    }
}

/// A page that navigated has received the input.
fn settled(outcome: Result<HitResult, PageActionError>) -> Result<Hit, PageActionError> {
    match outcome {
        Ok(result) => Ok(result.into()),
        Err(PageActionError::PageLeft | PageActionError::Script(_)) => Ok(Hit::Element),
        Err(PageActionError::Call(error)) if error.is_session_gone() => Ok(Hit::Element),
        Err(error) => Err(error),
    }
}
