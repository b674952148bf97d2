//! Dialogs: answered at once, or by a client. While one is open, its page does nothing else, so that the tab's other
//! requests wait.

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::event::{ClosedBy, DialogKind, Handled};
use futures::FutureExt as _;
use tokio::time::Instant;

use super::{Actor, End};
use crate::cdp::CallError;
use crate::cdp::methods::EmptyResult;
use crate::clock::epoch_ms;
use crate::policy::DialogPolicy;
use crate::tabs::active_command::{ActiveCommand, Phase};
use crate::tabs::error::TabError;
use crate::tabs::fact::{AskedDialog, FactKind};
use crate::tabs::feed::StreamPage;
use crate::tabs::page::Dialog;
use crate::tabs::prompts::{DialogAnswer, PendingPrompts, Prompt, PromptAnswer};
use crate::tabs::reply::Reply;
use crate::tabs::unawaited::UNAWAITED_LIMIT;
use crate::timer::remaining;

/// The dialogs of a tab that wait for their client: at most one, besides those whose answers Chromium has not taken yet.
pub(super) type Dialogs = PendingPrompts<OpenDialog, Handled>;

pub(super) struct OpenDialog {
    kind: DialogKind,
    /// The text that a `prompt` proposes.
    default_value: Option<String>,
}

impl Actor {
    pub(super) fn on_dialog(&mut self, dialog: Dialog) -> Option<End> {
        if !self.limits.dialogs.allow(Instant::now()) {
            return self.on_dialog_storm();
        }
        // A page shows one at a time.
        self.dialogs_gone(false);
        if self.ctx.settings.dialogs == DialogPolicy::Ask {
            self.ask_dialog(dialog);
            if self.is_unattended {
                self.abandon_answers();
            }
            return None;
        }
        let accept = self.ctx.settings.dialogs == DialogPolicy::Accept
            || dialog.kind == DialogKind::Beforeunload;
        self.attached.as_ref()?.answer_dialog(accept);
        self.tab.publish(FactKind::DialogOpened {
            kind: dialog.kind,
            message: dialog.message,
            handled: handled(accept),
            asked: None,
        });
        None
    }

    fn ask_dialog(&mut self, dialog: Dialog) {
        let Dialog {
            kind,
            message,
            default_value,
        } = dialog;
        let limit = self.ctx.settings.answer_timeout;
        let open = OpenDialog {
            kind,
            default_value: default_value.clone(),
        };
        let asked = AskedDialog {
            dialog: self.dialogs.ask(open, Instant::now() + limit),
            answer_by_ms: epoch_ms() + millis(limit),
            default_value: default_value.filter(|text| !text.is_empty()),
        };
        self.tab.publish(FactKind::DialogOpened {
            kind,
            message,
            handled: Handled::Asked,
            asked: Some(asked),
        });
    }

    /// `answerDialog`.
    pub(super) fn answer_dialog(&mut self, answer: DialogAnswer, reply: Reply) {
        let DialogAnswer {
            dialog,
            accept,
            text,
        } = answer;
        if self.dialogs.waiting(&dialog).is_none() {
            return reply.fail(self.failure(no_dialog(dialog)));
        }
        self.send_answer(
            &dialog,
            accept,
            text.as_ref(),
            ClosedBy::Client,
            Some(reply),
        );
    }

    /// Answers a dialog as if there were no client: it is dismissed, and a page that wants to stay is left.
    pub(super) fn close_dialog(&mut self, dialog: &str, by: ClosedBy) {
        if let Some(open) = self.dialogs.waiting(dialog) {
            let accept = open.about.kind == DialogKind::Beforeunload;
            self.send_answer(dialog, accept, None, by, None);
        }
    }

    fn send_answer(
        &mut self,
        dialog: &str,
        accept: bool,
        text: Option<&TypedText>,
        by: ClosedBy,
        reply: Option<Reply>,
    ) {
        let (Some(attached), Some(open)) = (&self.attached, self.dialogs.waiting(dialog)) else {
            return;
        };
        let proposed = open.about.default_value.as_deref();
        let text = text.map(TypedText::expose).or(proposed);
        let text = text.filter(|_| accept && open.about.kind == DialogKind::Prompt);
        let text = text.map(str::to_owned);
        // Not less: Chromium may take an answer that comes late, which the tab would not learn.
        let limit = reply.as_ref().map_or(UNAWAITED_LIMIT, |reply| {
            remaining(reply.deadline).max(UNAWAITED_LIMIT)
        });
        let call = attached.handle_dialog(accept, text, limit).boxed();
        let answer = PromptAnswer {
            verdict: handled(accept),
            by,
            reply,
            call,
        };
        let is_kept = open.about.kind == DialogKind::Beforeunload && !accept;
        self.dialogs.answer(dialog, answer);
        if is_kept {
            self.on_page_kept();
        }
    }

    /// Chromium has taken the answer to a dialog, or refused it.
    pub(super) fn on_dialog_answered(
        &mut self,
        mut dialog: Prompt<OpenDialog, Handled>,
        outcome: Result<EmptyResult, CallError>,
    ) {
        match outcome {
            Ok(EmptyResult {}) => self.dialog_closed(dialog, false),
            Err(CallError::Timeout { .. } | CallError::QueueFull { .. }) => {
                if let Some(reply) = dialog.answer.take().and_then(|it| it.reply) {
                    let error = reply.timed_out("Page.handleJavaScriptDialog");
                    reply.fail(self.failure(error));
                }
                self.dialogs
                    .put_back(dialog, Instant::now() + UNAWAITED_LIMIT);
            }
            Err(error) => {
                tracing::debug!(tab = %self.tab.id, %error, "a dialog could not be answered");
                self.dialog_gone(dialog, false);
            }
        }
    }

    /// The page has closed its dialog, because it was answered or for another reason.
    pub(super) fn on_dialog_closed(&mut self, accepted: bool) {
        if let Some(dialog) = self.dialogs.take_first() {
            self.dialog_closed(dialog, accepted);
        }
    }

    /// A dialog is closed; `accepted` counts if it was not answered.
    fn dialog_closed(&mut self, dialog: Prompt<OpenDialog, Handled>, accepted: bool) {
        // The page could not answer until now, and is not late before it has had its time.
        self.recovery.watchdog.answered(Instant::now());
        let Some(PromptAnswer {
            verdict, by, reply, ..
        }) = dialog.answer
        else {
            return self.dialog_gone(dialog, accepted);
        };
        let closed = FactKind::DialogClosed {
            dialog: dialog.id,
            handled: verdict,
            by,
        };
        self.tab.publish_and_answer(reply, closed);
    }

    /// The page stays, as the answer to its dialog wants. Chromium may answer the call that would have left it with an
    /// abort, after which it would be repeated, or not at all.
    fn on_page_kept(&mut self) {
        let phase = self.work.active.as_ref().map(|active| &active.phase);
        if let Some(Phase::Navigating(_) | Phase::Committing(_) | Phase::Travelling) = phase {
            if let Some(attached) = &self.attached {
                attached.stop_loading();
            }
            let net = "net::ERR_ABORTED".to_owned();
            self.on_navigation_failed(|url| TabError::nav_failed(url, net));
        }
    }

    /// Every dialog is gone with its page, or, unless `all`, those that were not answered.
    pub(super) fn dialogs_gone(&mut self, all: bool) {
        let gone = if all {
            self.dialogs.drain()
        } else {
            self.dialogs.take_unanswered()
        };
        for dialog in gone {
            self.dialog_gone(dialog, false);
        }
    }

    fn dialog_gone(&mut self, dialog: Prompt<OpenDialog, Handled>, accepted: bool) {
        self.tab.publish(FactKind::DialogClosed {
            dialog: dialog.id.clone(),
            handled: handled(accepted),
            by: ClosedBy::Page,
        });
        if let Some(reply) = dialog.answer.and_then(|answer| answer.reply) {
            reply.fail(self.failure(no_dialog(dialog.id)));
        }
    }

    /// A picture needs no answer of the page.
    pub(super) fn start_behind_dialog(&mut self) {
        let usable = self.attached.as_ref().filter(|it| it.is_usable());
        if let Some(attached) = usable {
            let page = StreamPage::new(&attached.target, self.ctx.supervisor.clone());
            self.work.captures.start_behind_dialog(page, Instant::now());
        }
    }

    /// What the tab's requests wait for, if that is an answer of a client.
    pub(super) fn awaited_answer(&self) -> Option<String> {
        let dialog = self.dialogs.unanswered().next();
        if let Some(dialog) = dialog {
            let (kind, id) = (dialog.about.kind.as_str(), &dialog.id);
            return Some(format!(
                "the page's {kind} dialog {id} is open; answer it with answerDialog"
            ));
        }
        let phase = self.work.active.as_ref().map(|active| &active.phase);
        let is_loading = matches!(
            phase,
            Some(Phase::Navigating(_) | Phase::Committing(_) | Phase::Loading { .. })
        ) || self
            .work
            .active
            .as_ref()
            .is_some_and(ActiveCommand::is_travel);
        let password = self
            .auth
            .pending
            .unanswered()
            .next()
            .filter(|_| is_loading)?;
        Some(format!(
            "a server asks for a password ({}); answer it with answerAuth",
            password.id
        ))
    }
}

fn handled(accept: bool) -> Handled {
    if accept {
        Handled::Accepted
    } else {
        Handled::Dismissed
    }
}

fn no_dialog(id: String) -> TabError {
    TabError::NotAsked { what: "dialog", id }
}

pub(super) fn millis(limit: std::time::Duration) -> u64 {
    u64::try_from(limit.as_millis()).unwrap_or(u64::MAX)
}
