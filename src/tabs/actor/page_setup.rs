//! What the tab's documents start with, and may do: requests that change it, and new targets that get it.

use std::sync::Arc;

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::request::Emulate;
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use tokio::time::Instant;

use super::Actor;
use crate::cdp::cookie_methods::{CookieParam, SetCookies};
use crate::tabs::active_command::{Phase, SetupDone};
use crate::tabs::error::TabError;
use crate::tabs::message::SetupRequest;
use crate::tabs::page_setup::change::SetupChange;
use crate::tabs::page_setup::{PageSetup, SetupError};
use crate::tabs::permission_grants::{ContextGrants, PermissionGrant};
use crate::tabs::reply::{Acted, AnswerKind};
use crate::tabs::target::{ContextChoice, OpenError, Target};
use crate::timer::remaining;

type SettingUp = BoxFuture<'static, Result<SetupDone, SetupError>>;

/// What the tab's documents start with, and may do.
pub(super) struct TabSetup {
    pub(super) page: PageSetup,
    /// In the browser context of the scope.
    shared_grants: Arc<ContextGrants>,
    /// In the tab's own browser context, while it is logged out.
    own_grants: Arc<ContextGrants>,
}

/// What a new target gets.
pub(super) struct TargetPlan {
    page: PageSetup,
    /// Whether a target that cannot have all of it is of no use: the first of a tab.
    is_strict: bool,
    grants: Arc<ContextGrants>,
}

impl TabSetup {
    pub(super) fn new(page: PageSetup, shared_grants: Arc<ContextGrants>) -> Self {
        Self {
            page,
            shared_grants,
            own_grants: Arc::default(),
        }
    }

    pub(super) fn of_new_target(&self, context: &ContextChoice, is_first: bool) -> TargetPlan {
        TargetPlan {
            page: self.page.clone(),
            is_strict: is_first,
            grants: match context {
                ContextChoice::Shared => Arc::clone(&self.shared_grants),
                ContextChoice::New | ContextChoice::Existing(_) => Arc::clone(&self.own_grants),
            },
        }
    }

    fn grants_of(&self, target: &Target) -> Arc<ContextGrants> {
        match target.own_context {
            None => Arc::clone(&self.shared_grants),
            Some(_) => Arc::clone(&self.own_grants),
        }
    }

    /// The tab enters another browser context, which has no grants.
    pub(super) fn forget_own_grants(&mut self) {
        self.own_grants = Arc::default();
    }
}

impl TargetPlan {
    /// Sets a target up, which has not loaded anything yet.
    pub(super) async fn carry_out(
        self,
        target: &Target,
        deadline: Instant,
    ) -> Result<(), OpenError> {
        let change = SetupChange::begin(&target.setup, &self.page, remaining(deadline));
        for grant in self.grants.all() {
            let context = target.context.clone();
            let limit = remaining(deadline);
            grant.carry_out(&target.browser, context, limit).await?;
        }
        change.finish_leniently().await?;
        match target.setup.refusal() {
            Some(error) if self.is_strict => Err(OpenError::Setup(error.clone())),
            _ => Ok(()),
        }
    }
}

impl Actor {
    /// `None` without a target, which every tab has after its first command.
    pub(super) fn begin_setup(
        &mut self,
        request: SetupRequest,
        deadline: Instant,
    ) -> Option<Phase> {
        let setting_up = match request {
            SetupRequest::Emulate(request) => self.emulate(*request, deadline)?,
            SetupRequest::SetPermissions(grant) => self.set_permissions(*grant, deadline)?,
            SetupRequest::AddInitScript(source) => self.add_init_script(source, deadline)?,
            SetupRequest::RemoveInitScript(id) => self.remove_init_script(&id, deadline)?,
            SetupRequest::SetCookies(cookies) => self.set_cookies(cookies, deadline)?,
        };
        Some(Phase::SettingUp(setting_up))
    }

    fn emulate(&mut self, request: Emulate, deadline: Instant) -> Option<SettingUp> {
        let attached = self.attached.as_mut()?;
        let emulation = self
            .setup
            .page
            .emulation
            .after(request, attached.target.version);
        if emulation.needs_network() {
            // The commands need it; it stays enabled from here on.
            attached.enable_network();
        }
        let answer = AnswerKind::Emulated(Box::new(emulation.describe().unwrap_or_default()));
        let setup = PageSetup {
            emulation: Arc::new(emulation),
            ..self.setup.page.clone()
        };
        self.change_setup(setup, answer, deadline)
    }

    fn add_init_script(&self, source: TypedText, deadline: Instant) -> Option<SettingUp> {
        match self.setup.page.with_script(source) {
            Ok((setup, id)) => {
                self.change_setup(setup, AnswerKind::InitScriptAdded { id }, deadline)
            }
            Err(error) => Some(failed(error)),
        }
    }

    fn remove_init_script(&self, id: &str, deadline: Instant) -> Option<SettingUp> {
        match self.setup.page.without_script(id) {
            Ok(setup) => self.change_setup(setup, AnswerKind::Done(Acted::default()), deadline),
            Err(error) => Some(failed(error)),
        }
    }

    fn change_setup(
        &self,
        setup: PageSetup,
        answer: AnswerKind,
        deadline: Instant,
    ) -> Option<SettingUp> {
        let target = &self.attached.as_ref()?.target;
        let change = SetupChange::begin(&target.setup, &setup, remaining(deadline));
        let setting_up = async move {
            change.finish().await?;
            let setup = Some(setup);
            Ok(SetupDone { setup, answer })
        };
        Some(setting_up.boxed())
    }

    fn set_permissions(&self, grant: PermissionGrant, deadline: Instant) -> Option<SettingUp> {
        let target = &self.attached.as_ref()?.target;
        let (browser, context) = (target.browser.clone(), target.context.clone());
        let grants = self.setup.grants_of(target);
        let setting_up = async move {
            grant
                .carry_out(&browser, context, remaining(deadline))
                .await?;
            grants.add(grant.clone());
            let answer = AnswerKind::PermissionsSet(grant);
            let setup = None;
            Ok(SetupDone { setup, answer })
        };
        Some(setting_up.boxed())
    }

    fn set_cookies(&self, cookies: Vec<CookieParam>, deadline: Instant) -> Option<SettingUp> {
        let target = &self.attached.as_ref()?.target;
        let browser = target.browser.clone();
        let method = SetCookies {
            cookies,
            browser_context_id: target.context.clone(),
        };
        let setting_up = async move {
            browser.call(method, remaining(deadline)).await?;
            let (setup, answer) = (None, AnswerKind::Done(Acted::default()));
            Ok(SetupDone { setup, answer })
        };
        Some(setting_up.boxed())
    }

    pub(super) fn on_set_up(&mut self, outcome: Result<SetupDone, SetupError>) {
        let Some(reply) = self.work.active.take().and_then(|it| it.command.reply) else {
            return;
        };
        match outcome {
            Ok(SetupDone { setup, answer }) => {
                if let Some(setup) = setup {
                    self.tab.starts_with(&setup);
                    self.setup.page = setup;
                }
                reply.answer(self.tab.id, answer);
            }
            Err(SetupError::Call(error)) => {
                let error = TabError::of_call(error, reply.kind, reply.limit());
                reply.fail(self.failure(error));
            }
            Err(error) => reply.fail(self.failure(TabError::Setup(error))),
        }
    }
}

fn failed(error: SetupError) -> SettingUp {
    ready(Err(error)).boxed()
}
