//! The files that clients hand over in parts, until pages get them. They are kept in memory: for minutes, within
//! bounds, and so that nothing of them is left behind by a bridge that is killed. No I/O.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::Bytes;
use cdp_bridge_protocol::FileData;
use cdp_bridge_protocol::request::StageFile;
use tokio::time::Instant;

use crate::tabs::page_actions::PageFile;
use crate::tabs::{ClientId, Scope};

/// What staged files may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StagingLimits {
    /// The most files of one scope.
    pub files: usize,
    /// The most bytes of one scope.
    pub bytes: u64,
    /// The most bytes of all scopes.
    pub bytes_of_all: u64,
    /// How long a file is kept without being used.
    pub time: Duration,
}

/// How much of a file there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedPart {
    /// Names the file.
    pub file_id: String,
    /// The bytes that have been received.
    pub received: u64,
    /// All of them.
    pub size: u64,
}

/// A staged file, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedInfo {
    /// Names the file.
    pub file_id: String,
    /// The name that pages see.
    pub name: String,
    /// The bytes that have been received.
    pub received: u64,
    /// All of them; what has been received, as long as it is not known.
    pub size: u64,
}

/// A file cannot be staged, or is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StagingError {
    /// No such file, or another client's.
    #[error(
        "there is no staged file {id:?}: it was dropped because it was not used for a while \
         (flow.staged_file_time), gave way to newer ones after an upload, or never was; stage it again"
    )]
    Unknown {
        /// The id, shortened.
        id: String,
    },
    /// Parts are missing.
    #[error(
        "only {received} of the {size} bytes of the staged file {id:?} are there; send the rest with stageFile"
    )]
    Unfinished {
        /// The file.
        id: String,
        /// The bytes that are there.
        received: u64,
        /// All of them.
        size: u64,
    },
    /// A part does not begin where the last one ended.
    #[error(
        "offset: {received} bytes of the file have been received, so that the next part begins there, not at {offset}"
    )]
    WrongOffset {
        /// Where it begins.
        offset: u64,
        /// Where the last one ended.
        received: u64,
    },
    /// A part ends behind the end of the file.
    #[error(
        "data: with this part the file would have {bytes} bytes, but its size was given as {size}"
    )]
    TooLong {
        /// The bytes with it.
        bytes: u64,
        /// All of them.
        size: u64,
    },
    /// The file is larger than all staged files of a client may be.
    #[error("a file of {size} bytes cannot be staged; the most is {max} (flow.staged_file_bytes)")]
    TooLarge {
        /// Its bytes.
        size: u64,
        /// The most.
        max: u64,
    },
    /// The client has too many files.
    #[error(
        "{limit} staged files wait for their upload, which is the most allowed (flow.staged_files)"
    )]
    TooMany {
        /// The most.
        limit: usize,
    },
    /// Other files take up the memory.
    #[error(
        "staged files that wait for their upload leave no room for {size} bytes more ({key} is {max})"
    )]
    NoRoom {
        /// The bytes of the new file.
        size: u64,
        /// The most bytes of all.
        max: u64,
        /// The key of the configuration that says so.
        key: &'static str,
    },
}

/// The files of all scopes.
#[derive(Debug)]
pub(super) struct StagedFiles {
    limits: StagingLimits,
    /// The key of the newest file.
    last: u64,
    /// The last number given to a file of each client.
    last_of: HashMap<ClientId, u64>,
    /// Oldest first.
    files: BTreeMap<u64, StagedFile>,
}

#[derive(Debug)]
struct StagedFile {
    scope: Scope,
    /// Its number among the files of its client, which its id states.
    number: u64,
    /// Its clients are gone, but an upload still holds it.
    is_forgotten: bool,
    name: String,
    mime: Option<String>,
    size: u64,
    content: Content,
    /// Its size is not known yet: it is what has been received.
    is_open: bool,
    /// Whether an upload has had it.
    was_uploaded: bool,
    used: Instant,
}

enum Content {
    Growing(Vec<u8>),
    Whole(Bytes),
}

/// The content must not reach a log.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Content({} bytes)", self.len())
    }
}

impl Content {
    fn len(&self) -> u64 {
        let len = match self {
            Self::Growing(bytes) => bytes.len(),
            Self::Whole(bytes) => bytes.len(),
        };
        len as u64
    }

    /// Whether a running upload holds it, so that dropping the file would free nothing.
    fn is_shared(&self) -> bool {
        matches!(self, Self::Whole(bytes) if !bytes.is_unique())
    }
}

impl StagedFile {
    fn info(&self) -> StagedInfo {
        StagedInfo {
            file_id: id_of(self.number),
            name: self.name.clone(),
            received: self.content.len(),
            size: self.size,
        }
    }

    fn may_give_way(&self) -> bool {
        self.was_uploaded && !self.content.is_shared()
    }

    fn push(&mut self, data: &FileData, now: Instant) {
        self.used = now;
        let Content::Growing(bytes) = &mut self.content else {
            return;
        };
        bytes.extend_from_slice(data.expose());
        if bytes.len() as u64 == self.size {
            self.content = Content::Whole(std::mem::take(bytes).into());
        }
    }
}

impl StagedFiles {
    pub(super) fn new(limits: StagingLimits) -> Self {
        Self {
            limits,
            last: 0,
            last_of: HashMap::new(),
            files: BTreeMap::new(),
        }
    }

    /// Takes a part of a new file, or of one that is there.
    pub(super) fn stage(
        &mut self,
        scope: &Scope,
        part: StageFile,
        now: Instant,
    ) -> Result<StagedPart, StagingError> {
        let length = part.data.expose().len() as u64;
        let key = if let Some(id) = &part.file_id {
            let (key, file) = self.find(scope, id)?;
            if file.is_open {
                return Err(unknown(id));
            }
            let (received, size) = (file.content.len(), file.size);
            let offset = part.offset.unwrap_or(received);
            if offset != received {
                return Err(StagingError::WrongOffset { offset, received });
            }
            fits(received.saturating_add(length), size)?;
            key
        } else {
            let size = part.size.unwrap_or(length);
            fits(length, size)?;
            self.make_room(scope, size)?;
            self.last += 1;
            let number = self.last_of.entry(scope.client.clone()).or_default();
            *number += 1;
            let file = StagedFile {
                scope: scope.clone(),
                number: *number,
                is_forgotten: false,
                name: part.name.unwrap_or_default(),
                mime: part.mime,
                size,
                content: Content::Growing(Vec::new()),
                is_open: false,
                was_uploaded: false,
                used: now,
            };
            self.files.insert(self.last, file);
            self.last
        };
        let Some(file) = self.files.get_mut(&key) else {
            return Err(unknown(part.file_id.as_deref().unwrap_or_default()));
        };
        if let Content::Growing(bytes) = &mut file.content {
            // All of it at once: a vector that grows would need twice the memory at its end.
            let missing = usize::try_from(file.size).unwrap_or(usize::MAX) - bytes.len();
            if bytes.try_reserve_exact(missing).is_err() {
                // The system has less memory than the configuration promises.
                let size = file.size;
                self.files.remove(&key);
                return Err(StagingError::NoRoom {
                    size,
                    max: self.limits.bytes_of_all,
                    key: OF_ALL,
                });
            }
        }
        file.push(&part.data, now);
        Ok(StagedPart {
            file_id: id_of(file.number),
            received: file.content.len(),
            size: file.size,
        })
    }

    /// Begins a file whose size is not known yet, and returns its id.
    pub(super) fn open(
        &mut self,
        scope: &Scope,
        name: String,
        mime: Option<String>,
        now: Instant,
    ) -> Result<String, StagingError> {
        self.make_room(scope, 0)?;
        self.last += 1;
        let number = self.last_of.entry(scope.client.clone()).or_default();
        *number += 1;
        let file = StagedFile {
            scope: scope.clone(),
            number: *number,
            is_forgotten: false,
            name,
            mime,
            size: 0,
            content: Content::Growing(Vec::new()),
            is_open: true,
            was_uploaded: false,
            used: now,
        };
        let id = id_of(file.number);
        self.files.insert(self.last, file);
        Ok(id)
    }

    /// Appends to an open file. It takes room only as its bytes arrive.
    pub(super) fn grow(
        &mut self,
        scope: &Scope,
        id: &str,
        data: &[u8],
        now: Instant,
    ) -> Result<(), StagingError> {
        let (key, file) = self.find_open(scope, id)?;
        let added = data.len() as u64;
        let size = file.size + added;
        let max = self.limits.bytes.min(self.limits.bytes_of_all);
        if size > max {
            return Err(StagingError::TooLarge { size, max });
        }
        self.make_room_for(scope, added, 0)?;
        let of_all = self.limits.bytes_of_all;
        let file = self.files.get_mut(&key).ok_or_else(|| unknown(id))?;
        let Content::Growing(bytes) = &mut file.content else {
            return Err(unknown(id));
        };
        let missing = (bytes.len() + data.len()).saturating_sub(bytes.capacity());
        // In steps, so that the memory beyond the file's size stays small.
        if missing > 0
            && bytes
                .try_reserve_exact(data.len().max(GROWTH_STEP))
                .is_err()
        {
            return Err(StagingError::NoRoom {
                size,
                max: of_all,
                key: OF_ALL,
            });
        }
        bytes.extend_from_slice(data);
        file.size = size;
        file.used = now;
        Ok(())
    }

    /// An open file is whole.
    pub(super) fn close(
        &mut self,
        scope: &Scope,
        id: &str,
        now: Instant,
    ) -> Result<StagedInfo, StagingError> {
        let (key, _) = self.find_open(scope, id)?;
        let file = self.files.get_mut(&key).ok_or_else(|| unknown(id))?;
        if let Content::Growing(bytes) = &mut file.content {
            file.content = Content::Whole(std::mem::take(bytes).into());
        }
        file.is_open = false;
        file.used = now;
        Ok(file.info())
    }

    fn find_open(&self, scope: &Scope, id: &str) -> Result<(u64, &StagedFile), StagingError> {
        let found = self.find(scope, id)?;
        if found.1.is_open {
            Ok(found)
        } else {
            Err(unknown(id))
        }
    }

    /// What is known of a file.
    pub(super) fn info(&self, scope: &Scope, id: &str) -> Result<StagedInfo, StagingError> {
        self.find(scope, id).map(|(_, file)| file.info())
    }

    /// Drops a file. One that an upload holds counts until the upload has ended. One that was dropped before is no error, so
    /// that the request may be repeated.
    pub(super) fn remove(&mut self, scope: &Scope, id: &str) -> Result<(), StagingError> {
        let key = match self.find(scope, id) {
            Ok((key, _)) => key,
            Err(_) if self.was_there(scope, id) => return Ok(()),
            Err(error) => return Err(error),
        };
        if let Some(file) = self.files.get_mut(&key)
            && file.content.is_shared()
        {
            file.is_forgotten = true;
        } else {
            self.files.remove(&key);
        }
        Ok(())
    }

    /// A whole file, for an upload.
    pub(super) fn whole(
        &mut self,
        scope: &Scope,
        id: &str,
        now: Instant,
    ) -> Result<PageFile, StagingError> {
        let (key, _) = self.find(scope, id)?;
        let file = self.files.get_mut(&key).ok_or_else(|| unknown(id))?;
        let Content::Whole(bytes) = &file.content else {
            return Err(StagingError::Unfinished {
                id: id_of(file.number),
                received: file.content.len(),
                size: file.size,
            });
        };
        file.was_uploaded = true;
        file.used = now;
        Ok(PageFile {
            name: file.name.clone(),
            mime: file.mime.clone(),
            bytes: bytes.clone(),
        })
    }

    /// Drops the files that were not used for too long. Returns when the next one is due.
    pub(super) fn expire(&mut self, now: Instant) -> Option<Instant> {
        let time = self.limits.time;
        self.files.retain(|_, file| {
            file.content.is_shared() || !file.is_forgotten && file.used + time > now
        });
        // A file that an upload holds is looked at again later.
        let due = self.files.values().map(|file| {
            if file.is_forgotten {
                now
            } else {
                file.used + time
            }
        });
        due.min().map(|due| due.max(now + Duration::from_secs(1)))
    }

    /// Drops the files of a scope without clients. One that an upload holds cannot be found any more, but
    /// counts until the upload has ended: otherwise the bounds would not hold for what is in memory.
    pub(super) fn forget(&mut self, scope: &Scope) {
        self.files.retain(|_, file| {
            let is_its = file.scope == *scope;
            file.is_forgotten |= is_its;
            !is_its || file.content.is_shared()
        });
    }

    /// Whether the client had a file with this id, which is in none of its sessions now.
    fn was_there(&self, scope: &Scope, id: &str) -> bool {
        let last = self.last_of.get(&scope.client).copied().unwrap_or(0);
        let is_it = |file: &StagedFile, number| {
            file.number == number && file.scope.client == scope.client && !file.is_forgotten
        };
        number_of(id).is_some_and(|number| {
            (1..=last).contains(&number) && !self.files.values().any(|file| is_it(file, number))
        })
    }

    fn find(&self, scope: &Scope, id: &str) -> Result<(u64, &StagedFile), StagingError> {
        let number = number_of(id).ok_or_else(|| unknown(id))?;
        let is_it = |(_, file): &(&u64, &StagedFile)| {
            file.number == number && file.scope == *scope && !file.is_forgotten
        };
        let found = self
            .files
            .iter()
            .find(is_it)
            .map(|(key, file)| (*key, file));
        found.ok_or_else(|| unknown(id))
    }

    /// Makes room for a file of this size, where it may: files that were uploaded are dropped, the oldest first.
    fn make_room(&mut self, scope: &Scope, size: u64) -> Result<(), StagingError> {
        let limits = self.limits;
        if size > limits.bytes.min(limits.bytes_of_all) {
            let max = limits.bytes.min(limits.bytes_of_all);
            return Err(StagingError::TooLarge { size, max });
        }
        self.make_room_for(scope, size, 1)
    }

    /// The same for so many bytes, in so many further files.
    fn make_room_for(
        &mut self,
        scope: &Scope,
        size: u64,
        further: usize,
    ) -> Result<(), StagingError> {
        while let Err(error) = self.has_room(scope, size, further) {
            // Another client's files may be what takes up the memory of all.
            let of_all = matches!(error, StagingError::NoRoom { key: OF_ALL, .. });
            let mut files = self.files.iter();
            let oldest = files
                .find(|(_, file)| file.may_give_way() && (of_all || file.scope == *scope))
                .map(|(number, _)| *number);
            self.files.remove(&oldest.ok_or(error)?);
        }
        Ok(())
    }

    fn has_room(&self, scope: &Scope, size: u64, further: usize) -> Result<(), StagingError> {
        let limits = self.limits;
        let own = self.files.values().filter(|file| file.scope == *scope);
        let (files, bytes) = own.fold((0, 0), |(files, bytes), file| {
            (files + 1, bytes + file.size)
        });
        let all: u64 = self.files.values().map(|file| file.size).sum();
        let no_room = |max, key| Err(StagingError::NoRoom { size, max, key });
        if files + further > limits.files {
            Err(StagingError::TooMany {
                limit: limits.files,
            })
        } else if bytes + size > limits.bytes {
            no_room(limits.bytes, "flow.staged_file_bytes")
        } else if all + size > limits.bytes_of_all {
            no_room(limits.bytes_of_all, OF_ALL)
        } else {
            Ok(())
        }
    }
}

/// How many bytes are allocated at a time for a file whose size is not known.
const GROWTH_STEP: usize = 1 << 20;

const OF_ALL: &str = "flow.staged_file_bytes_of_all";

fn fits(bytes: u64, size: u64) -> Result<(), StagingError> {
    if bytes <= size {
        Ok(())
    } else {
        Err(StagingError::TooLong { bytes, size })
    }
}

fn id_of(number: u64) -> String {
    format!("u{number}")
}

/// The number in an id.
fn number_of(id: &str) -> Option<u64> {
    let number = id.strip_prefix('u')?.parse().ok()?;
    (id_of(number) == id).then_some(number)
}

fn unknown(id: &str) -> StagingError {
    StagingError::Unknown {
        id: id.chars().take(64).collect(),
    }
}

#[cfg(test)]
mod tests;
