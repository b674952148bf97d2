//! What a connection is made with.

use std::str::FromStr as _;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls};

use super::errors::store_error;
use super::tls::VerifiedTls;
use crate::store::error::StoreError;

/// How long making a connection, and waiting for a free one, may take.
const CONNECT: Duration = Duration::from_secs(2);

/// How long the server tries a statement, in milliseconds.
const STATEMENT_MS: u64 = 2_000;

/// Makes connections to one database.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    config: Config,
    /// `None` without `sslmode=require`.
    tls: Option<VerifiedTls>,
}

impl Connections {
    /// Reads a connection string.
    pub(super) fn read(url: &str) -> Result<Self, StoreError> {
        // The error of the parser may show a part of the text, and that the password.
        let mut config = Config::from_str(url).map_err(|_| {
            let form = "postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=require";
            StoreError::Unavailable(format!(
                "store.url is not a connection string of the form {form}"
            ))
        })?;
        // Encryption without a look at the certificate would not keep out who answers in the place of the server.
        let is_verified = config.get_ssl_mode() == SslMode::Require;
        let tls = is_verified.then(VerifiedTls::new).transpose()?;
        if tls.is_none() {
            config.ssl_mode(SslMode::Disable);
        }
        if config.get_application_name().is_none() {
            config.application_name("cdp-bridge");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        config.tcp_user_timeout(CONNECT * 5);
        config.keepalives_idle(CONNECT * 15);
        Ok(Self { config, tls })
    }

    /// Says that others may read along, where the server is on another machine.
    pub(super) fn warn_of_plain_text(&self) {
        let is_far = self.config.get_hosts().iter().any(|host| match host {
            Host::Tcp(name) => !["localhost", "127.0.0.1", "::1"].contains(&name.as_str()),
            #[cfg(unix)]
            Host::Unix(_) => false,
        });
        if is_far && self.tls.is_none() {
            tracing::warn!(
                "the connection to Postgres is not encrypted; add sslmode=require to store.url"
            );
        }
    }

    /// The name of the database, for reports.
    pub(super) fn place(&self) -> String {
        let hosts = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        });
        let hosts: Vec<_> = hosts.collect();
        let database = self.config.get_dbname().unwrap_or_default();
        format!("Postgres {database:?} on {}", hosts.join(", "))
    }

    /// A pool whose connections give up a statement in time.
    pub(super) fn pool(&self, most: usize) -> Result<Pool, StoreError> {
        let mut config = self.config.clone();
        let timeouts = format!(
            "{} -c statement_timeout={STATEMENT_MS} -c idle_in_transaction_session_timeout={}",
            config.get_options().unwrap_or_default(),
            STATEMENT_MS * 5
        );
        config.options(timeouts.trim());
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = match self.tls.clone() {
            Some(tls) => Manager::from_config(config, tls, recycling),
            None => Manager::from_config(config, NoTls, recycling),
        };
        let pool = Pool::builder(manager)
            .max_size(most)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(CONNECT))
            .create_timeout(Some(CONNECT))
            .recycle_timeout(Some(CONNECT));
        pool.build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// A connection outside of the pool, without `statement_timeout`. It ends with the client.
    pub(super) async fn single(&self) -> Result<Client, StoreError> {
        if let Some(tls) = self.tls.clone() {
            let (client, connection) = self.config.connect(tls).await.map_err(store_error)?;
            tokio::spawn(connection);
            Ok(client)
        } else {
            let (client, connection) = self.config.connect(NoTls).await.map_err(store_error)?;
            tokio::spawn(connection);
            Ok(client)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_string_that_is_wrong_is_refused_without_showing_it() {
        let error = Connections::read("postgres://u:hunter2@h/d?sslmode=maybe").unwrap_err();
        assert!(error.to_string().contains("store.url"), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn reports_name_the_database_and_no_password() {
        let connections = Connections::read("postgres://u:hunter2@db.test/state").unwrap();
        assert_eq!(connections.place(), "Postgres \"state\" on db.test");
    }
}
