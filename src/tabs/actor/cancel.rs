//! Cancelling a call of the tab. It is answered right away, except that the page may have to tell first
//! whether it has acted.

use futures::FutureExt as _;
use tokio::time::Instant;

use super::{Actor, End};
use crate::tabs::active_command::{ActiveCommand, Phase};
use crate::tabs::cancellation::CancelReport;
use crate::tabs::command_queue::CommandKind;
use crate::tabs::identity::CallId;
use crate::tabs::input_sent::InputState;
use crate::tabs::unawaited::UNAWAITED_LIMIT;

impl Actor {
    pub(super) fn cancel(&mut self, call: CallId, report: CancelReport) -> Option<End> {
        if let Some(active) = self.work.active.take_if(|it| it.is_of(call)) {
            return self.cancel_active(active, report);
        }
        if let Some(command) = self.work.queue.take(call) {
            if let Some(reply) = command.reply {
                reply.cancel(report);
            }
            let is_create = matches!(command.kind, CommandKind::Create { .. });
            return is_create.then(End::never_opened);
        }
        if let Some(reply) = self.take_close_request(call) {
            reply.input_sent.set();
            reply.cancel(report);
        } else if let Some(reply) = self
            .work
            .take_look(call)
            .or_else(|| self.streams.take(call))
        {
            reply.cancel(report);
        } else {
            self.ctx.supervisor.cancel_download(call, report);
        }
        None
    }

    fn cancel_active(&mut self, mut active: ActiveCommand, report: CancelReport) -> Option<End> {
        let mut reply = active.command.reply.take()?;
        match active.phase {
            Phase::Acting(acting, driver) => {
                // From here on the action sends nothing.
                drop(acting);
                let gave_up = driver.give_up();
                if reply.input_sent.state() == InputState::LeftToPage {
                    reply.cancelled_by(report);
                    active.command.reply = Some(reply);
                    active.phase = Phase::GivingUp(gave_up.boxed());
                    // Giving up has a time limit of its own, which is shorter.
                    active.deadline = Instant::now() + UNAWAITED_LIMIT;
                    self.work.active = Some(active);
                    return None;
                }
                tokio::spawn(gave_up.map(drop));
            }
            Phase::GivingUp(_) => {
                reply.cancelled_by(report);
                active.command.reply = Some(reply);
                self.work.active = Some(active);
                return None;
            }
            Phase::Navigating(_) | Phase::Committing(_) | Phase::Travelling => {
                if let Some(attached) = &self.attached {
                    attached.stop_loading();
                }
                reply.input_sent.set();
            }
            // The document stays, and goes on loading. A change of the set-up is taken back, but pages may have seen it.
            Phase::Activating(_) | Phase::Loading { .. } | Phase::SettingUp(_) => {
                reply.input_sent.set();
            }
            // The new target is closed as soon as it is there.
            Phase::Opening(_) => {}
        }
        reply.cancel(report);
        if matches!(active.command.kind, CommandKind::Create { .. }) {
            return Some(End::never_opened());
        }
        self.update_view();
        self.recover()
    }

    /// The page has learnt that an action is cancelled. `acted`: it has carried the action out, or may have.
    pub(super) fn on_gave_up(&mut self, acted: bool) {
        if let Some(reply) = self.work.active.take().and_then(|it| it.command.reply) {
            if !acted {
                reply.input_sent.clear();
            }
            reply.fail_cancelled();
        }
    }
}
