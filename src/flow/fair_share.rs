//! A number of places that several keys, such as clients, compete for: each gets its turn.

use std::collections::HashMap;
use std::hash::Hash;

/// Hands out places. The key that holds the fewest is served first, and none holds more than its
/// limit, so that one that asks without end delays the others by little.
#[derive(Debug)]
pub struct FairShare<K, W> {
    free: usize,
    max_per_key: usize,
    held: HashMap<K, usize>,
    /// Oldest first.
    waiting: Vec<Waiting<K, W>>,
}

#[derive(Debug)]
struct Waiting<K, W> {
    key: K,
    places: usize,
    waiter: W,
}

impl<K: Clone + Eq + Hash, W> FairShare<K, W> {
    /// `max_per_key` is at most `capacity`, and both are at least one.
    pub fn new(capacity: usize, max_per_key: usize) -> Self {
        let capacity = capacity.max(1);
        Self {
            free: capacity,
            max_per_key: max_per_key.clamp(1, capacity),
            held: HashMap::new(),
            waiting: Vec::new(),
        }
    }

    /// Adds a waiter for so many places: at least one, and at most what one key can hold.
    pub fn push(&mut self, key: K, places: usize, waiter: W) {
        let places = places.clamp(1, self.max_per_key);
        self.waiting.push(Waiting {
            key,
            places,
            waiter,
        });
    }

    /// Takes places at once, which the key holds from now on; false if there are not enough.
    pub fn take(&mut self, key: &K, places: usize) -> bool {
        let fits = places <= self.free && self.held(key) + places <= self.max_per_key;
        if fits {
            self.free -= places;
            *self.held.entry(key.clone()).or_default() += places;
        }
        fits
    }

    /// Removes the waiters that do not match.
    pub fn retain(&mut self, mut keep: impl FnMut(&W) -> bool) {
        self.waiting.retain(|it| keep(&it.waiter));
    }

    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The next waiter to get its places, which it holds from now on: of the key that holds the fewest,
    /// the one that has waited longest.
    pub fn grant(&mut self) -> Option<(K, usize, W)> {
        self.grant_by(|_| ())
    }

    /// As [`FairShare::grant`], but of each key the waiter with the lowest rank goes first.
    pub fn grant_by<R: Ord>(&mut self, rank: impl Fn(&W) -> R) -> Option<(K, usize, W)> {
        // Most often so, and then there is nothing to look for.
        if self.free == 0 {
            return None;
        }
        let mut firsts: HashMap<&K, (R, usize)> = HashMap::new();
        for (position, it) in self.waiting.iter().enumerate() {
            let own = (rank(&it.waiter), position);
            match firsts.get_mut(&it.key) {
                Some(first) if *first <= own => {}
                Some(first) => *first = own,
                None => {
                    firsts.insert(&it.key, own);
                }
            }
        }
        let turns = firsts.into_iter().filter_map(|(key, (rank, position))| {
            let held = self.held(key);
            let fits = held + self.waiting[position].places <= self.max_per_key;
            fits.then_some((held, rank, position))
        });
        let (.., position) = turns.min()?;
        // No other waiter overtakes it meanwhile, or one that needs many places would never get them.
        if self.waiting[position].places > self.free {
            return None;
        }
        let Waiting {
            key,
            places,
            waiter,
        } = self.waiting.remove(position);
        self.free -= places;
        *self.held.entry(key.clone()).or_default() += places;
        Some((key, places, waiter))
    }

    /// Returns places that this key held.
    pub fn release(&mut self, key: &K, places: usize) {
        self.free += places;
        if let Some(held) = self.held.get_mut(key) {
            *held = held.saturating_sub(places);
            if *held == 0 {
                self.held.remove(key);
            }
        }
    }

    fn held(&self, key: &K) -> usize {
        self.held.get(key).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cmp::Reverse;

    type Share = FairShare<char, u32>;

    fn granted(share: &mut Share) -> Vec<(char, u32)> {
        std::iter::from_fn(|| share.grant())
            .map(|(key, _, waiter)| (key, waiter))
            .collect()
    }

    #[test]
    fn a_key_that_asks_for_everything_leaves_places_to_others() {
        let mut share = Share::new(4, 3);
        (0..9).for_each(|number| share.push('a', 1, number));
        assert_eq!(granted(&mut share), [('a', 0), ('a', 1), ('a', 2)]);
        share.push('b', 1, 10);
        assert_eq!(granted(&mut share), [('b', 10)]);
    }

    #[test]
    fn the_key_that_holds_the_fewest_is_served_first() {
        let mut share = Share::new(4, 4);
        (0..6).for_each(|number| share.push('a', 1, number));
        assert_eq!(granted(&mut share).len(), 4);
        share.push('b', 1, 10);
        share.push('b', 1, 11);
        share.release(&'a', 1);
        share.release(&'a', 1);
        assert_eq!(granted(&mut share), [('b', 10), ('b', 11)]);
        share.release(&'a', 1);
        assert_eq!(granted(&mut share), [('a', 4)], "it waits longest");
    }

    #[test]
    fn one_that_needs_many_places_is_not_overtaken_for_ever() {
        let mut share = Share::new(4, 4);
        share.push('a', 2, 0);
        assert_eq!(granted(&mut share), [('a', 0)]);
        share.push('b', 4, 1);
        share.push('c', 1, 2);
        assert!(granted(&mut share).is_empty(), "b is first");
        share.release(&'a', 2);
        assert_eq!(granted(&mut share), [('b', 1)]);
        share.release(&'b', 4);
        assert_eq!(granted(&mut share), [('c', 2)]);
    }

    #[test]
    fn a_key_gets_no_more_than_its_limit_however_much_it_asks_for() {
        let mut share = Share::new(8, 6);
        share.push('a', 100, 0);
        assert_eq!(share.grant(), Some(('a', 6, 0)));
        share.push('a', 1, 1);
        share.push('b', 1, 2);
        assert_eq!(granted(&mut share), [('b', 2)]);
    }

    #[test]
    fn waiters_of_a_key_can_have_an_order_of_their_own() {
        let mut share = Share::new(2, 2);
        for number in [1, 3, 2] {
            share.push('a', 1, number);
        }
        let latest = std::iter::from_fn(|| share.grant_by(|it| Reverse(*it)));
        let latest: Vec<_> = latest.map(|(.., waiter)| waiter).collect();
        assert_eq!(latest, [3, 2]);
    }

    proptest! {
        #[test]
        fn no_place_is_lost_or_given_twice(steps in prop::collection::vec((0_u8..3, 1_usize..4, any::<bool>()), 0..200)) {
            let mut share: FairShare<u8, ()> = FairShare::new(5, 3);
            let mut held = Vec::new();
            for (key, places, releases) in steps {
                if releases && !held.is_empty() {
                    let (key, places) = held.swap_remove(usize::from(key) % held.len());
                    share.release(&key, places);
                } else {
                    share.push(key, places, ());
                }
                held.extend(std::iter::from_fn(|| share.grant()).map(|(key, places, ())| (key, places)));
                let all: usize = held.iter().map(|it| it.1).sum();
                prop_assert!(all <= 5 && share.free == 5 - all);
                for key in 0..3 {
                    let own: usize = held.iter().filter(|it| it.0 == key).map(|it| it.1).sum();
                    prop_assert!(own <= 3);
                }
                prop_assert!(!share.is_waiting() || all > 0, "a waiter is always served");
            }
        }
    }
}
