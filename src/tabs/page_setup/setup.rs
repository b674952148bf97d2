//! What every document of a tab starts with, as a value. No I/O.

use std::sync::Arc;

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::request::Viewport;

use super::emulation::EmulationState;
use super::error::SetupError;
use super::init_scripts::InitScripts;
use super::overrides::{self, Override, SessionKind};

/// What every document of a tab starts with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PageSetup {
    /// The viewport that is set where none is emulated.
    pub(crate) usual: Viewport,
    pub emulation: Arc<EmulationState>,
    pub(crate) scripts: InitScripts,
}

impl PageSetup {
    /// What the pages of every tab start with.
    pub fn usual(viewport: Viewport) -> Self {
        Self::emulating(viewport, Arc::default())
    }

    /// Without scripts: those of a tab are not those of its popups.
    pub fn emulating(usual: Viewport, emulation: Arc<EmulationState>) -> Self {
        Self {
            usual,
            emulation,
            scripts: InitScripts::default(),
        }
    }

    /// As a tab had it in an earlier process.
    pub(crate) fn kept(usual: Viewport, emulation: EmulationState, scripts: InitScripts) -> Self {
        Self {
            usual,
            emulation: Arc::new(emulation),
            scripts,
        }
    }

    /// With one more script, and its id.
    pub(crate) fn with_script(&self, source: TypedText) -> Result<(Self, String), SetupError> {
        let (scripts, id) = self.scripts.with(source)?;
        let setup = Self {
            scripts,
            ..self.clone()
        };
        Ok((setup, id))
    }

    /// Without the script of this id.
    pub(crate) fn without_script(&self, id: &str) -> Result<Self, SetupError> {
        Ok(Self {
            scripts: self.scripts.without(id)?,
            ..self.clone()
        })
    }

    /// The size of the page's visible part.
    pub fn viewport(&self) -> Viewport {
        overrides::viewport(&self.emulation, self.usual)
    }

    /// The commands that a session needs which has another set-up.
    pub(super) fn changes_from(&self, before: &Self, kind: SessionKind) -> Vec<Override> {
        overrides::changes(&before.emulation, &self.emulation, self.usual, kind)
    }

    /// Whether frames and workers have to be set up before their first script.
    pub(super) fn concerns_children(&self) -> bool {
        let usual = Self::usual(self.usual);
        let is_changed = |kind| !self.changes_from(&usual, kind).is_empty();
        !self.scripts.is_empty()
            || is_changed(SessionKind::Frame)
            || is_changed(SessionKind::Worker)
    }
}
