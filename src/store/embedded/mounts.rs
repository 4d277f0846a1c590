//! File systems on which a file is not what the store's level promises.

use std::path::Path;

/// What is to be said against this place.
pub(super) fn warnings(path: &Path) -> Vec<String> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let warning = of(&mounts, &whole).and_then(against);
    warning
        .map(|why| format!("{}: {why}", path.display()))
        .into_iter()
        .collect()
}

/// The type of the file system that this path is on.
fn of<'a>(mounts: &'a str, path: &Path) -> Option<&'a str> {
    let mut best = None;
    for line in mounts.lines() {
        let mut fields = line.split(' ').skip(1);
        let (Some(point), Some(kind)) = (fields.next(), fields.next()) else {
            continue;
        };
        // Space, tab, newline and backslash are written in octal.
        let point = point.replace("\\040", " ").replace("\\011", "\t");
        let depth = Path::new(&point).components().count();
        // Of two on one point the later one covers the earlier one.
        if path.starts_with(&point) && best.is_none_or(|(deepest, _)| depth >= deepest) {
            best = Some((depth, kind));
        }
    }
    best.map(|(_, kind)| kind)
}

fn against(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "tmpfs" | "ramfs" => "it is in memory (tmpfs): a restart of the machine loses all of it",
        "overlay" | "aufs" => {
            "it is inside a container's own layer (overlay) and goes when the container does; \
             mount a volume"
        }
        "nfs" | "nfs4" | "cifs" | "smb3" | "9p" => {
            "it is on a network file system, where neither locks nor syncs can be relied on"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_mount_counts_and_of_two_on_one_point_the_later() {
        let mounts = "/dev/sda / ext4 rw 0 0\nnas:/x /var/my\\040data nfs4 rw 0 0\n\
                      none /var tmpfs rw 0 0\nnone /run ext4 rw 0 0\nnone /run overlay rw 0 0\n";
        let kind = |path: &str| of(mounts, Path::new(path));
        assert_eq!(kind("/srv/hooks.redb"), Some("ext4"));
        assert_eq!(kind("/var/hooks.redb"), Some("tmpfs"));
        assert_eq!(kind("/variant/hooks.redb"), Some("ext4"));
        assert_eq!(kind("/var/my data/hooks.redb"), Some("nfs4"));
        assert_eq!(kind("/run/hooks.redb"), Some("overlay"));
        assert!(against("ext4").is_none() && against("overlay").is_some());
    }
}
