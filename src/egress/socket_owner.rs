//! Whose a TCP connection on this machine is, as Linux tells it.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

/// The kernel answers before the question's call returns; this only keeps a surprise from
/// becoming a hang.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);

// Numbers of `linux/sock_diag.h` and `linux/inet_diag.h`.
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLM_F_REQUEST: u16 = 1;
const AF_INET: u8 = 2;
const IPPROTO_TCP: u8 = 6;
const QUESTION: u32 = 16 + 56;
const ANSWER: usize = 16 + 72;
const UID_AT: usize = 16 + 64;
const INODE_AT: usize = 16 + 68;

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SocketInfo {
    pub(super) inode: u32,
    pub(super) uid: u32,
}

/// Whether a process holds a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    No,
    /// We may not look.
    Unreadable,
}

/// The end of a connection that has this local and this remote address.
pub(super) fn find(local: SocketAddrV4, remote: SocketAddrV4) -> io::Result<Option<SocketInfo>> {
    match ask_kernel(local, remote) {
        // Some sandboxes have no such sockets.
        Err(_) => Ok(find_in_table(
            &fs::read_to_string("/proc/net/tcp")?,
            local,
            remote,
        )),
        found => found,
    }
}

fn ask_kernel(local: SocketAddrV4, remote: SocketAddrV4) -> io::Result<Option<SocketInfo>> {
    let socket = rustix::net::socket_with(
        AddressFamily::NETLINK,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        Some(SOCK_DIAG),
    )?;
    set_socket_timeout(&socket, Timeout::Recv, Some(ANSWER_LIMIT))?;
    let kernel = SocketAddrNetlink::new(0, 0);
    rustix::net::sendto(
        &socket,
        &question(local, remote),
        SendFlags::empty(),
        &kernel,
    )?;
    let mut answer = [0; 512];
    let (length, _) = rustix::net::recv(&socket, &mut answer, RecvFlags::empty())?;
    Ok(read_answer(&answer[..length]))
}

/// `nlmsghdr` and `inet_diag_req_v2` for exactly one socket.
fn question(local: SocketAddrV4, remote: SocketAddrV4) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(72);
    bytes.extend(QUESTION.to_ne_bytes());
    bytes.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes.extend(NLM_F_REQUEST.to_ne_bytes());
    bytes.extend([0; 8]);
    bytes.extend([AF_INET, IPPROTO_TCP, 0, 0]);
    bytes.extend(u32::MAX.to_ne_bytes());
    bytes.extend(local.port().to_be_bytes());
    bytes.extend(remote.port().to_be_bytes());
    for address in [local.ip(), remote.ip()] {
        bytes.extend(address.octets());
        bytes.extend([0; 12]);
    }
    bytes.extend(0_u32.to_ne_bytes());
    // No cookie: the addresses say which socket is meant.
    bytes.extend([0xff; 8]);
    bytes
}

fn read_answer(bytes: &[u8]) -> Option<SocketInfo> {
    let number = |at: usize| {
        let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_ne_bytes(bytes))
    };
    let kind = bytes.get(4..6)?.try_into().ok().map(u16::from_ne_bytes)?;
    if kind != SOCK_DIAG_BY_FAMILY || bytes.len() < ANSWER {
        return None;
    }
    let (uid, inode) = (number(UID_AT)?, number(INODE_AT)?);
    // A socket that nobody holds any more has no inode.
    (inode != 0).then_some(SocketInfo { inode, uid })
}

/// The same from the text of `/proc/net/tcp`.
fn find_in_table(table: &str, local: SocketAddrV4, remote: SocketAddrV4) -> Option<SocketInfo> {
    let (local, remote) = (in_table(local), in_table(remote));
    table.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_it =
            fields.get(1) == Some(&local.as_str()) && fields.get(2) == Some(&remote.as_str());
        let (uid, inode) = (fields.get(7)?, fields.get(9)?);
        let socket = SocketInfo {
            inode: inode.parse().ok()?,
            uid: uid.parse().ok()?,
        };
        (is_it && socket.inode != 0).then_some(socket)
    })
}

/// An address as that table has it: the bytes as they stand in memory.
fn in_table(address: SocketAddrV4) -> String {
    let ip = u32::from_ne_bytes(Ipv4Addr::octets(address.ip()));
    format!("{ip:08X}:{:04X}", address.port())
}

/// Whether a process holds a socket.
pub(super) fn holds(pid: u32, inode: u32) -> Holds {
    let wanted = format!("socket:[{inode}]");
    let entries = match fs::read_dir(format!("/proc/{pid}/fd")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Holds::Unreadable,
        Err(_) => return Holds::No,
    };
    let mut links = entries.flatten().map(|entry| fs::read_link(entry.path()));
    if links.any(|link| link.is_ok_and(|link| link.as_os_str() == wanted.as_str())) {
        Holds::Yes
    } else {
        Holds::No
    }
}

/// The process group of a process.
pub(super) fn group_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it may hold anything, also blanks and parentheses.
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(2)?.parse().ok()
}

/// The processes of a group.
pub(super) fn members_of(group: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| group_of(*pid) == Some(group))
        .collect()
}

/// Under whose account a process runs.
pub(super) fn uid_of(pid: u32) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(format!("/proc/{pid}"))
        .ok()
        .map(|process| process.uid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{SocketAddr, TcpListener, TcpStream};

    fn v4(address: SocketAddr) -> SocketAddrV4 {
        match address {
            SocketAddr::V4(address) => address,
            SocketAddr::V6(address) => panic!("{address}"),
        }
    }

    #[test]
    fn an_end_of_a_connection_is_found_in_both_ways_and_is_held_by_its_process() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let remote = v4(listener.local_addr().unwrap());
        let stream = TcpStream::connect(remote).unwrap();
        let local = v4(stream.local_addr().unwrap());
        let table = fs::read_to_string("/proc/net/tcp").unwrap();
        let found = find_in_table(&table, local, remote).unwrap();
        assert_eq!(find(local, remote).unwrap(), Some(found));
        assert_eq!(found.uid, rustix::process::getuid().as_raw());
        let own = std::process::id();
        assert_eq!(holds(own, found.inode), Holds::Yes);
        let accepted = find(remote, local).unwrap();
        assert!(accepted.is_none_or(|accepted| accepted.inode != found.inode));
        drop(stream);
        assert_eq!(holds(own, found.inode), Holds::No);
        assert!(
            find(local, remote)
                .unwrap()
                .is_none_or(|left| left != found)
        );
    }

    #[test]
    fn a_process_is_in_its_group() {
        let own = std::process::id();
        let group = group_of(own).unwrap();
        assert!(members_of(group).contains(&own));
        assert_eq!(uid_of(own), Some(rustix::process::getuid().as_raw()));
        assert_eq!(group_of(u32::MAX), None);
    }

    #[test]
    fn an_answer_that_is_none_finds_nothing() {
        assert_eq!(read_answer(&[]), None);
        assert_eq!(read_answer(&[0; 88]), None);
        let mut answer = [0; 88];
        answer[4..6].copy_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
        assert_eq!(read_answer(&answer), None, "nobody holds it");
        answer[INODE_AT..].copy_from_slice(&7_u32.to_ne_bytes());
        assert_eq!(read_answer(&answer), Some(SocketInfo { inode: 7, uid: 0 }));
        assert_eq!(read_answer(&answer[..80]), None);
    }
}
