//! Prompts that wait for an answer. No I/O but the calls that carry the answers.

use std::future::poll_fn;
use std::task::Poll;

use cdp_bridge_protocol::event::ClosedBy;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::time::Instant;

use crate::cdp::CallError;
use crate::cdp::methods::EmptyResult;
use crate::tabs::reply::Reply;

/// The prompts of one kind in one tab. `K` is what is asked, `V` how it is answered.
pub(in crate::tabs) struct PendingPrompts<K, V> {
    prefix: char,
    /// The number of the last one; none is used twice.
    last: u64,
    open: Vec<Prompt<K, V>>,
}

pub(in crate::tabs) struct Prompt<K, V> {
    pub(in crate::tabs) id: String,
    pub(in crate::tabs) about: K,
    deadline: Instant,
    /// The answer, while Chromium has not taken it yet.
    pub(in crate::tabs) answer: Option<PromptAnswer<V>>,
}

pub(in crate::tabs) struct PromptAnswer<V> {
    pub(in crate::tabs) verdict: V,
    pub(in crate::tabs) by: ClosedBy,
    /// The request that has answered it, if one has.
    pub(in crate::tabs) reply: Option<Reply>,
    pub(in crate::tabs) call: BoxFuture<'static, Result<EmptyResult, CallError>>,
}

impl<K, V> PendingPrompts<K, V> {
    /// Ids are this letter and a number.
    pub(in crate::tabs) fn new(prefix: char) -> Self {
        Self {
            prefix,
            last: 0,
            open: Vec::new(),
        }
    }

    /// Adds one, and returns its id.
    pub(in crate::tabs) fn ask(&mut self, about: K, deadline: Instant) -> String {
        self.last += 1;
        let id = format!("{}{}", self.prefix, self.last);
        self.open.push(Prompt {
            id: id.clone(),
            about,
            deadline,
            answer: None,
        });
        id
    }

    pub(in crate::tabs) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(in crate::tabs) fn len(&self) -> usize {
        self.open.len()
    }

    /// Those that wait for an answer.
    pub(in crate::tabs) fn unanswered(&self) -> impl Iterator<Item = &Prompt<K, V>> {
        self.open.iter().filter(|prompt| prompt.answer.is_none())
    }

    /// The one with this id, if it waits for an answer.
    pub(in crate::tabs) fn waiting(&self, id: &str) -> Option<&Prompt<K, V>> {
        self.unanswered().find(|prompt| prompt.id == id)
    }

    /// The ids of those that wait for an answer.
    pub(in crate::tabs) fn waiting_ids(&self) -> Vec<String> {
        self.unanswered().map(|prompt| prompt.id.clone()).collect()
    }

    /// The ids of those whose time has passed.
    pub(in crate::tabs) fn due(&self, now: Instant) -> Vec<String> {
        let due = self.unanswered().filter(|prompt| prompt.deadline <= now);
        due.map(|prompt| prompt.id.clone()).collect()
    }

    pub(in crate::tabs) fn next_deadline(&self) -> Option<Instant> {
        self.unanswered().map(|prompt| prompt.deadline).min()
    }

    /// One is being answered.
    pub(in crate::tabs) fn answer(&mut self, id: &str, answer: PromptAnswer<V>) {
        if let Some(prompt) = self.open.iter_mut().find(|prompt| prompt.id == id) {
            prompt.answer = Some(answer);
        }
    }

    /// Waits until Chromium has taken an answer, or refused it. Never ends while none is on the way.
    pub(in crate::tabs) async fn answered(
        &mut self,
    ) -> (Prompt<K, V>, Result<EmptyResult, CallError>) {
        let (at, outcome) = poll_fn(|context| {
            for (at, prompt) in self.open.iter_mut().enumerate() {
                if let Some(answer) = &mut prompt.answer
                    && let Poll::Ready(outcome) = answer.call.poll_unpin(context)
                {
                    return Poll::Ready((at, outcome));
                }
            }
            Poll::Pending
        })
        .await;
        (self.open.remove(at), outcome)
    }

    /// One whose answer has not reached Chromium: it waits for another one, before all others.
    pub(in crate::tabs) fn put_back(&mut self, prompt: Prompt<K, V>, deadline: Instant) {
        let prompt = Prompt {
            deadline,
            answer: None,
            ..prompt
        };
        self.open.insert(0, prompt);
    }

    /// Takes out the oldest.
    pub(in crate::tabs) fn take_first(&mut self) -> Option<Prompt<K, V>> {
        (!self.open.is_empty()).then(|| self.open.remove(0))
    }

    /// Takes out those that wait for an answer.
    pub(in crate::tabs) fn take_unanswered(&mut self) -> Vec<Prompt<K, V>> {
        self.open
            .extract_if(.., |prompt| prompt.answer.is_none())
            .collect()
    }

    /// Takes out all of them.
    pub(in crate::tabs) fn drain(&mut self) -> Vec<Prompt<K, V>> {
        std::mem::take(&mut self.open)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::future::{pending, ready};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn answer(
        verdict: bool,
        call: BoxFuture<'static, Result<EmptyResult, CallError>>,
    ) -> PromptAnswer<bool> {
        PromptAnswer {
            verdict,
            by: ClosedBy::Client,
            reply: None,
            call,
        }
    }

    #[test]
    fn a_prompt_waits_until_its_deadline_or_its_answer() {
        let (mut prompts, now) = (PendingPrompts::<_, bool>::new('g'), Instant::now());
        assert_eq!(prompts.ask("first", now + SECOND), "g1");
        assert_eq!(prompts.ask("second", now + SECOND * 2), "g2");
        assert_eq!(prompts.next_deadline(), Some(now + SECOND));
        assert!(prompts.due(now).is_empty());
        assert_eq!(prompts.due(now + SECOND), ["g1"]);
        prompts.answer("g1", answer(true, pending().boxed()));
        assert!(prompts.waiting("g1").is_none() && prompts.waiting("g2").is_some());
        assert_eq!(prompts.due(now + SECOND * 2), ["g2"]);
        assert_eq!(prompts.take_unanswered().len(), 1);
        assert_eq!(prompts.len(), 1, "one is being answered");
        assert_eq!(prompts.ask("third", now), "g3", "no id is used again");
        assert_eq!(prompts.drain().len(), 2);
    }

    #[test]
    fn the_answer_that_chromium_has_taken_ends_its_prompt() {
        let (mut prompts, now) = (PendingPrompts::new('a'), Instant::now());
        prompts.ask("first", now);
        prompts.ask("second", now);
        assert!(prompts.answered().now_or_never().is_none());
        prompts.answer("a1", answer(false, pending().boxed()));
        prompts.answer("a2", answer(true, ready(Ok(EmptyResult {})).boxed()));
        let (prompt, outcome) = prompts.answered().now_or_never().unwrap();
        assert_eq!((prompt.about, outcome.is_ok()), ("second", true));
        assert!(prompt.answer.unwrap().verdict);
        assert!(prompts.answered().now_or_never().is_none());
    }
}
