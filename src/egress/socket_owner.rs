//! Which process owns a local TCP socket, from the Linux kernel.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::time::Duration;

use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

/// The kernel answers before `sendto` returns; the timeout is only a safeguard against a hang.
const REPLY_TIMEOUT: Duration = Duration::from_secs(1);

// Numbers of `linux/sock_diag.h` and `linux/inet_diag.h`.
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLM_F_REQUEST: u16 = 1;
const AF_INET: u8 = 2;
const IPPROTO_TCP: u8 = 6;
const REQUEST_BYTES: u32 = 16 + 56;
const REPLY_BYTES: usize = 16 + 72;
const UID_OFFSET: usize = 16 + 64;
const INODE_OFFSET: usize = 16 + 68;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SocketInfo {
    pub(super) inode: u32,
    pub(super) uid: u32,
}

/// Whether the file descriptors of a process could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Descriptors {
    Read,
    Unreadable,
}

/// The socket with this local and this remote address.
pub(super) fn find(local: SocketAddrV4, remote: SocketAddrV4) -> io::Result<Option<SocketInfo>> {
    match query_netlink(local, remote) {
        // Some sandboxes do not allow netlink sockets.
        Err(_) => Ok(find_in_table(
            &fs::read_to_string("/proc/net/tcp")?,
            local,
            remote,
        )),
        found => found,
    }
}

fn query_netlink(local: SocketAddrV4, remote: SocketAddrV4) -> io::Result<Option<SocketInfo>> {
    let socket = rustix::net::socket_with(
        AddressFamily::NETLINK,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        Some(SOCK_DIAG),
    )?;
    set_socket_timeout(&socket, Timeout::Recv, Some(REPLY_TIMEOUT))?;
    let kernel = SocketAddrNetlink::new(0, 0);
    rustix::net::sendto(
        &socket,
        &diag_request(local, remote),
        SendFlags::empty(),
        &kernel,
    )?;
    let mut reply = [0; 512];
    let (length, _) = rustix::net::recv(&socket, &mut reply, RecvFlags::empty())?;
    Ok(parse_reply(&reply[..length]))
}

/// `nlmsghdr` and `inet_diag_req_v2` for exactly one socket.
fn diag_request(local: SocketAddrV4, remote: SocketAddrV4) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(72);
    bytes.extend(REQUEST_BYTES.to_ne_bytes());
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
    // No cookie: the addresses identify the socket.
    bytes.extend([0xff; 8]);
    bytes
}

fn parse_reply(bytes: &[u8]) -> Option<SocketInfo> {
    let number = |at: usize| {
        let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_ne_bytes(bytes))
    };
    let kind = bytes.get(4..6)?.try_into().ok().map(u16::from_ne_bytes)?;
    if kind != SOCK_DIAG_BY_FAMILY || bytes.len() < REPLY_BYTES {
        return None;
    }
    let (uid, inode) = (number(UID_OFFSET)?, number(INODE_OFFSET)?);
    // A closed socket has inode 0.
    (inode != 0).then_some(SocketInfo { inode, uid })
}

/// Finds the socket in the text of `/proc/net/tcp`.
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

/// An address in the format of that table: hexadecimal, in native byte order.
fn in_table(address: SocketAddrV4) -> String {
    let ip = u32::from_ne_bytes(Ipv4Addr::octets(address.ip()));
    format!("{ip:08X}:{:04X}", address.port())
}

/// Takes the sockets that a process has open out of `wanted`. Reads no further than the last of them.
pub(super) fn take_held(pid: u32, wanted: &mut HashSet<u32>) -> Descriptors {
    let directory = match fs::read_dir(format!("/proc/{pid}/fd")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Descriptors::Unreadable;
        }
        Err(_) => return Descriptors::Read,
    };
    let mut entries = directory.flatten();
    while !wanted.is_empty()
        && let Some(entry) = entries.next()
    {
        let link = fs::read_link(entry.path());
        if let Some(inode) = link.ok().as_deref().and_then(socket_inode) {
            wanted.remove(&inode);
        }
    }
    Descriptors::Read
}

/// The inode in `socket:[123]`.
fn socket_inode(link: &Path) -> Option<u32> {
    let inside = link.to_str()?.strip_prefix("socket:[")?;
    inside.strip_suffix(']')?.parse().ok()
}

pub(super) fn group_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it may contain anything, spaces and parentheses included.
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(2)?.parse().ok()
}

pub(super) fn members_of(group: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| group_of(*pid) == Some(group))
        .collect()
}

/// The account with which a process opens sockets and files. The owner of `/proc/PID` would be root where
/// the process may not be traced.
pub(super) fn uid_of(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let uids = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    // Real, effective, saved, and that of the file system.
    uids.split_whitespace().nth(3)?.parse().ok()
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
    fn a_socket_is_found_in_both_ways_and_its_process_has_it_open() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let remote = v4(listener.local_addr().unwrap());
        let stream = TcpStream::connect(remote).unwrap();
        let local = v4(stream.local_addr().unwrap());
        let table = fs::read_to_string("/proc/net/tcp").unwrap();
        let found = find_in_table(&table, local, remote).unwrap();
        assert_eq!(find(local, remote).unwrap(), Some(found));
        assert_eq!(found.uid, rustix::process::getuid().as_raw());
        let own = std::process::id();
        let left = |inode| {
            let mut wanted = HashSet::from([inode]);
            assert_eq!(take_held(own, &mut wanted), Descriptors::Read);
            wanted.len()
        };
        assert_eq!(left(found.inode), 0);
        let accepted = find(remote, local).unwrap();
        assert!(accepted.is_none_or(|accepted| accepted.inode != found.inode));
        drop(stream);
        assert_eq!(left(found.inode), 1);
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
    fn an_invalid_reply_finds_nothing() {
        assert_eq!(parse_reply(&[]), None);
        assert_eq!(parse_reply(&[0; 88]), None);
        let mut reply = [0; 88];
        reply[4..6].copy_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
        assert_eq!(parse_reply(&reply), None, "the socket is closed");
        reply[INODE_OFFSET..].copy_from_slice(&7_u32.to_ne_bytes());
        assert_eq!(parse_reply(&reply), Some(SocketInfo { inode: 7, uid: 0 }));
        assert_eq!(parse_reply(&reply[..80]), None);
    }
}
