//! Loading: flags over environment over file over defaults.

use std::io;
use std::path::{Path, PathBuf};

use super::advice;
use super::check;
use super::clients;
use super::environment;
use super::error::ConfigError;
use super::file;
use super::origin::{Origin, Origins};
use super::renamed;
use super::rules;
use super::secrets;
use super::setting::{Layer, imply_port_transport};
use super::sources::Sources;
use super::typed::Merged;
use super::types::Config;

/// The file that is read by default.
const DEFAULT_FILE: &str = "cdp-bridge.toml";

/// A valid configuration with its origins.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    pub config: Config,
    pub origins: Origins,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    /// What should be changed although it still works, for the log.
    pub warnings: Vec<String>,
}

/// Loads the configuration, reading files from the disk.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    load_with(sources, &|path| std::fs::read_to_string(path))
}

/// Loads the configuration, reading files through `read`.
pub fn load_with(
    sources: &Sources,
    read: &dyn Fn(&Path) -> io::Result<String>,
) -> Result<Loaded, ConfigError> {
    let mut merged = Merged::default();
    let mut warnings = Vec::new();
    let file = read_file(sources, read)?;
    if let Some((name, _, text)) = &file {
        let mut layer = file::settings(name, text)?;
        warnings.extend(renamed::rename(&mut layer));
        merged.add(layer);
    }
    // The file is checked before higher layers override it, so that they cannot hide an error in it.
    let below = merged.config()?;
    for mut layer in [
        environment::settings(&sources.env, &below.server.listen)?,
        flags(sources)?,
    ] {
        warnings.extend(renamed::rename(&mut layer));
        merged.add(layer);
    }
    let mut config = merged.config()?;
    let mut origins = merged.origins;
    add_default_client(sources, &mut config, &mut origins)?;
    check::ranges(&config, &origins)?;
    let read_token = |path: &Path| read(&sources.working_dir.join(path));
    clients::resolve(&mut config.auth.clients, &origins, &read_token)?;
    secrets::resolve(
        &mut config.auth,
        &mut config.webhooks,
        &origins,
        &read_token,
    )?;
    secrets::resolve_store_key(&mut config.store, &origins, &read_token)?;
    rules::check(&config, &origins)?;
    warnings.extend(advice::of(&config, &origins));
    Ok(Loaded {
        config,
        origins,
        file: file.map(|(_, path, _)| path),
        warnings,
    })
}

/// The file's name for errors, its path and its text.
fn read_file(
    sources: &Sources,
    read: &dyn Fn(&Path) -> io::Result<String>,
) -> Result<Option<(PathBuf, PathBuf, String)>, ConfigError> {
    let named = sources.config_path.as_ref();
    let name = named
        .cloned()
        .unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    let path = sources.working_dir.join(&name);
    match read(&path) {
        Ok(text) => Ok(Some((name, path, text))),
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(reason) => Err(ConfigError::ReadFile { path: name, reason }),
    }
}

fn flags(sources: &Sources) -> Result<Layer, ConfigError> {
    let mut layer = Layer::new();
    for flag in &sources.flags {
        let origin = Origin::Flag(flag.flag.clone());
        layer.push(environment::from_text(&flag.key, &flag.value, origin)?);
    }
    imply_port_transport(&mut layer);
    Ok(layer)
}

/// A token in the environment replaces the token of the client of that name in the file.
fn add_default_client(
    sources: &Sources,
    config: &mut Config,
    origins: &mut Origins,
) -> Result<(), ConfigError> {
    let Some((mut client, origin)) = environment::default_client(&sources.env)? else {
        return Ok(());
    };
    let clients = &mut config.auth.clients;
    let index = clients
        .iter()
        .position(|known| known.name == client.name)
        .unwrap_or(clients.len());
    let key = format!("auth.clients[{index}]");
    for part in ["token", "token_sha256", "token_file"] {
        origins.forget(&format!("{key}.{part}"));
    }
    origins.set(key, origin);
    if index < clients.len() {
        client.policy = clients[index].policy.take();
        client.limits = clients[index].limits.take();
        clients[index] = client;
    } else {
        clients.push(client);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
