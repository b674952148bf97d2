//! What the commands say about a store.

use std::fmt;

/// The tables whose rows are counted.
pub(super) const TABLES: [&str; 9] = [
    "sessions",
    "tabs",
    "idempotency_keys",
    "history",
    "audit",
    "api_keys",
    "jobs",
    "deliveries",
    "settings",
];

/// The state of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreReport {
    /// The file, or the database.
    pub place: String,
    /// The version of its schema; 0 where there is none.
    pub schema: u32,
    /// The version that this program knows.
    pub known: u32,
    /// The migrations that are not applied.
    pub pending: Vec<u32>,
    /// How many rows the tables have.
    pub tables: Vec<(&'static str, u64)>,
    /// The size of the file or of the database.
    pub bytes: Option<u64>,
    /// What is damaged.
    pub problems: Vec<String>,
}

impl StoreReport {
    /// Whether it can be used as it is.
    pub fn is_fine(&self) -> bool {
        self.problems.is_empty() && self.pending.is_empty()
    }
}

impl fmt::Display for StoreReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "store    {}", self.place)?;
        writeln!(f, "schema   {} (this program: {})", self.schema, self.known)?;
        if let Some(bytes) = self.bytes {
            writeln!(f, "size     {bytes} bytes")?;
        }
        for (table, rows) in &self.tables {
            writeln!(f, "rows     {rows:>9}  {table}")?;
        }
        for version in &self.pending {
            writeln!(
                f,
                "missing  migration {version}: run `cdp-bridge store migrate`"
            )?;
        }
        for problem in &self.problems {
            writeln!(f, "damaged  {problem}")?;
        }
        Ok(())
    }
}
