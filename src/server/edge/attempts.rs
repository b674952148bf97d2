//! Limits failed attempts to authenticate, per peer address (pure). An address that fails too often is refused without
//! its token being looked at, except for tokens that were good from there before: one program with a wrong token does
//! not lock out the others behind the same address.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

use super::per_ip_limit::network_of;
use crate::server::settings::TokenHash;

/// So many attempts may fail in a row.
const BURST: u32 = 30;
/// After this time one more may.
const REFILL: Duration = Duration::from_secs(2);
/// The most addresses that are remembered; beyond that the ones that have recovered are forgotten.
const ADDRESSES: usize = 4096;

/// The failed attempts of every address.
#[derive(Debug, Default)]
pub(crate) struct FailedAttempts {
    addresses: HashMap<IpAddr, Attempts>,
}

#[derive(Debug, Default)]
struct Attempts {
    /// When all of its failures are forgotten; none while there are none.
    forgotten_at: Option<Instant>,
    /// Tokens that were good.
    proven: HashSet<TokenHash>,
}

/// The address has to wait this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManyAttempts(pub(crate) Duration);

impl FailedAttempts {
    /// Whether a token may be looked at.
    pub(crate) fn check(
        &self,
        peer: IpAddr,
        token: Option<TokenHash>,
        now: Instant,
    ) -> Result<(), TooManyAttempts> {
        let Some(attempts) = self.addresses.get(&network_of(peer)) else {
            return Ok(());
        };
        if token.is_some_and(|token| attempts.proven.contains(&token)) {
            return Ok(());
        }
        let debt = attempts.debt(now);
        let most = REFILL * (BURST - 1);
        match debt.checked_sub(most) {
            Some(wait) if !wait.is_zero() => Err(TooManyAttempts(wait)),
            _ => Ok(()),
        }
    }

    /// An attempt failed.
    pub(crate) fn failed(&mut self, peer: IpAddr, now: Instant) {
        if self.addresses.len() >= ADDRESSES {
            self.addresses
                .retain(|_, it| it.forgotten_at.is_some_and(|at| at > now));
        }
        let attempts = self.addresses.entry(network_of(peer)).or_default();
        let debt = attempts.debt(now) + REFILL;
        attempts.forgotten_at = Some(now + debt.min(REFILL * BURST));
    }

    /// A token was good. Those of an address without failures need not be remembered.
    pub(crate) fn succeeded(&mut self, peer: IpAddr, token: TokenHash) {
        if let Some(attempts) = self.addresses.get_mut(&network_of(peer)) {
            attempts.proven.insert(token);
        }
    }
}

impl Attempts {
    fn debt(&self, now: Instant) -> Duration {
        self.forgotten_at
            .map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_fails_too_often_waits_and_others_do_not() {
        let (mut attempts, now) = (FailedAttempts::default(), Instant::now());
        let (bad, other) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        for _ in 0..BURST {
            assert_eq!(attempts.check(bad, None, now), Ok(()));
            attempts.failed(bad, now);
        }
        assert_eq!(attempts.check(bad, None, now), Err(TooManyAttempts(REFILL)));
        assert_eq!(attempts.check(other, None, now), Ok(()));
        assert_eq!(attempts.check(bad, None, now + REFILL), Ok(()));
    }

    #[test]
    fn a_token_that_was_good_from_there_is_not_locked_out() {
        let (mut attempts, now) = (FailedAttempts::default(), Instant::now());
        let peer = "10.0.0.1".parse().unwrap();
        let token = TokenHash::of("good");
        attempts.failed(peer, now);
        attempts.succeeded(peer, token);
        for _ in 0..2 * BURST {
            attempts.failed(peer, now);
        }
        assert_eq!(attempts.check(peer, Some(token), now), Ok(()));
        assert!(
            attempts
                .check(peer, Some(TokenHash::of("guess")), now)
                .is_err()
        );
    }

    #[test]
    fn addresses_are_not_remembered_for_ever() {
        let (mut attempts, now) = (FailedAttempts::default(), Instant::now());
        for number in 0..ADDRESSES {
            let peer = std::net::Ipv4Addr::from_bits(u32::try_from(number).unwrap());
            attempts.failed(peer.into(), now);
        }
        attempts.failed("10.0.0.1".parse().unwrap(), now + REFILL);
        assert_eq!(attempts.addresses.len(), 1);
    }
}
