//! The time limits of requests, from the section `timeouts`.

use cdp_bridge_protocol::request::TimeoutClass;

use crate::config;
use crate::operations::Timeouts;

pub(super) fn timeouts(config: &config::TimeoutsConfig) -> Timeouts {
    Timeouts::by_class(|class| match class {
        TimeoutClass::Create => config.create,
        TimeoutClass::Close => config.close,
        TimeoutClass::Navigate => config.navigate,
        TimeoutClass::Rebuild => config.rebuild,
        TimeoutClass::Capture => config.capture,
        TimeoutClass::Look => config.look,
        TimeoutClass::Act => config.act,
        TimeoutClass::Wait => config.wait,
        TimeoutClass::Other => config.other,
    })
}
