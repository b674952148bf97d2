//! Which popups become tabs.

use std::time::Duration;

use cdp_bridge_protocol::event::PopupBlockReason;
use tokio::time::Instant;

use super::NewTab;
use super::jobs::PreparedPage;
use super::popup_limiter::{BlockedPopup, PopupOrigin};
use super::task::Supervisor;
use crate::cdp::Attachment;
use crate::metrics;
use crate::policy::PopupPolicy;
use crate::tabs::attached_target::AttachedTarget;
use crate::tabs::command_queue::CommandKind;
use crate::tabs::contexts::ContextOwner;
use crate::tabs::fact::{Audience, Fact, FactKind};
use crate::tabs::page_setup::PageSetup;

/// How long a page that opens too many waits for each further one. Every popup costs Chromium much, also
/// one that is closed at once.
const BRAKE: Duration = Duration::from_millis(300);

const MAX_URL_CHARS: usize = 1024;

impl Supervisor {
    /// Creates tabs for popups.
    pub(super) fn adopt_unclaimed(&mut self) {
        let Some(state) = &mut self.browser else {
            return;
        };
        let creating = state.creating;
        let is_popup =
            |it: &mut PreparedPage| it.attachment.info.opener_id.is_some() || creating == 0;
        let popups: Vec<_> = state.unclaimed.extract_if(.., is_popup).collect();
        for page in popups {
            self.adopt(page);
        }
    }

    fn adopt(&mut self, page: PreparedPage) {
        let attachment = &page.attachment;
        let origin = self.origin_of_popup(attachment);
        let url = attachment.info.url.clone();
        match origin {
            None => metrics::dropped("popup", "unknownOwner"),
            Some(_) if self.stopping => metrics::dropped("popup", "shutdown"),
            Some(origin) if self.scopes.setup(&origin.scope).is_none() => {
                metrics::dropped("popup", "sessionEnded");
            }
            Some(origin) => {
                // One with an opener was counted when it was attached.
                let is_new = attachment.info.opener_id.is_none();
                let refusal = self.popup_refusal(&origin);
                match refusal.or_else(|| is_new.then(|| self.over_rate(&origin))?) {
                    Some(reason) => self.block_popup(origin, url, reason),
                    None => return self.adopt_as(page, origin),
                }
            }
        }
        if let Some(state) = &mut self.browser {
            state.close_page(page.attachment.info.target_id);
        }
    }

    fn adopt_as(&mut self, page: PreparedPage, origin: PopupOrigin) {
        let PopupOrigin { scope, opener } = origin;
        let Some(state) = &mut self.browser else {
            return;
        };
        let info = &page.attachment.info;
        let context = info.browser_context_id.as_ref();
        let owner = context.and_then(|it| state.contexts.owner(it));
        let own_context = context
            .filter(|_| owner.is_some_and(ContextOwner::is_own))
            .cloned();
        if let Some(context) = &own_context {
            state.join(context);
        }
        let target_id = info.target_id.clone();
        let logged_out = own_context.is_some();
        let target = state.target(page, own_context);
        let tab = NewTab {
            scope,
            url: target.url.clone(),
            logged_out,
            viewport: None,
            wait_until: None,
        };
        let live = Some(AttachedTarget::new(target));
        let adopt = CommandKind::Adopt {
            opener: opener.as_ref().map(|it| it.id),
        };
        let key = self.spawn(tab, adopt.into(), live);
        self.popup_openers.insert(key.clone(), opener);
        if let Some(state) = &mut self.browser {
            state.tabs.insert(target_id, key);
        }
    }

    /// The owner of a popup, by its context or its opener. `None` if neither is known.
    fn origin_of_popup(&self, attachment: &Attachment) -> Option<PopupOrigin> {
        let state = self.browser.as_ref()?;
        let info = &attachment.info;
        let opener = info.opener_id.as_ref().and_then(|it| state.tabs.get(it));
        let context = info.browser_context_id.as_ref();
        let owner = context.and_then(|it| state.contexts.owner(it));
        let scope = match owner {
            Some(owner) => owner.scope.clone(),
            None => self.registry.find(opener?)?.scope,
        };
        let opener = opener.cloned();
        Some(PopupOrigin { scope, opener })
    }

    /// What the documents of a page start with that was just attached: those of a popup with what its opener is emulated with.
    pub(super) fn setup_of_page(&self, attachment: &Attachment) -> PageSetup {
        let origin = self.origin_of_popup(attachment);
        let opener = origin.and_then(|origin| origin.opener);
        let opener = opener.and_then(|opener| self.registry.find(&opener));
        let emulation = opener.map(|opener| opener.view().emulation);
        PageSetup::emulating(self.around.settings.viewport, emulation.unwrap_or_default())
    }

    /// Counts a page that is attached with an opener. If it is to be closed before it costs much, the
    /// result is how long after.
    pub(super) fn refuses_at_once(&mut self, attachment: &Attachment) -> Option<Duration> {
        // Without an opener it may be the page of a tab that is being opened.
        let is_popup = attachment.info.opener_id.is_some();
        let origin = self.origin_of_popup(attachment).filter(|_| is_popup)?;
        let over_rate = self.over_rate(&origin);
        let refusal = self.popup_refusal(&origin).or(over_rate);
        if let Some(reason) = refusal {
            self.block_popup(origin, attachment.info.url.clone(), reason);
        }
        let brake = over_rate.map_or(Duration::ZERO, |_| BRAKE);
        refusal.map(|_| brake)
    }

    /// Counts a popup.
    fn over_rate(&mut self, origin: &PopupOrigin) -> Option<PopupBlockReason> {
        let is_allowed = self.popups.allow(origin, Instant::now());
        (!is_allowed).then_some(PopupBlockReason::Rate)
    }

    fn popup_refusal(&self, origin: &PopupOrigin) -> Option<PopupBlockReason> {
        if self.around.settings.popups == PopupPolicy::Block {
            return Some(PopupBlockReason::Policy);
        }
        let is_admitted = self.quota().admits_popup(&origin.scope.client);
        (!is_admitted).then_some(PopupBlockReason::Limit)
    }

    /// Counts a popup that was closed, and reports it.
    fn block_popup(&mut self, origin: PopupOrigin, url: String, reason: PopupBlockReason) {
        metrics::dropped("popup", reason.as_str());
        let blocked = BlockedPopup { url, reason };
        let first = self
            .popups
            .blocked
            .add(origin.clone(), blocked, Instant::now());
        if let Some(blocked) = first {
            self.publish_blocked(origin, &blocked, 1);
        }
    }

    /// Reports what was blocked since.
    pub(super) fn publish_blocked_popups(&mut self) {
        for (origin, blocked, count) in self.popups.blocked.take_due(Instant::now()) {
            self.publish_blocked(origin, &blocked, count);
        }
    }

    fn publish_blocked(&self, origin: PopupOrigin, blocked: &BlockedPopup, count: u64) {
        self.around.facts.publish(Fact {
            audience: Audience::Scope(origin.scope),
            tab: origin.opener.map(|opener| opener.id),
            cause: None,
            kind: FactKind::PopupBlocked {
                url: blocked.url.chars().take(MAX_URL_CHARS).collect(),
                reason: blocked.reason,
                count,
            },
        });
    }
}
