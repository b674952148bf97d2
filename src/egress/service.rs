//! What all gates share, and how one is opened.

use std::fmt;
use std::io;
use std::sync::Arc;

use tokio::sync::watch;

use super::gate::Gate;
use super::limits::Limits;
use super::report::Reporter;
use super::resolve::Resolve;
use super::strangers::Admission;
use crate::policy::EgressPolicy;

/// Opens gates. Cheap to clone.
#[derive(Clone)]
pub struct Egress {
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) limits: Limits,
    pub(super) admission: Admission,
}

/// What one gate goes by.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Policy, which may change while the gate is open: what is not allowed any more is cut.
    pub policy: watch::Receiver<Arc<EgressPolicy>>,
    /// Where it says what it refused.
    pub reporter: Reporter,
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress").finish_non_exhaustive()
    }
}

impl Egress {
    /// Gates with this resolver and these limits, which nobody may use yet.
    pub fn new(resolver: Arc<dyn Resolve>, limits: Limits) -> Self {
        Self {
            resolver,
            limits,
            admission: Admission::default(),
        }
    }

    /// Who may use the gates.
    pub fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Opens a gate on a free port of the loopback. It must be called inside a runtime.
    pub fn open(&self, terms: Terms) -> io::Result<Gate> {
        Gate::open(self.clone(), terms)
    }
}
