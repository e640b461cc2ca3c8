import Glibc
import ZooCore
import ZooPlatform

/// A folder of plugins, opened together with all folders above it: what is checked is what plugins are loaded from,
/// whatever its path comes to mean later.
final class PluginFolder: Sendable {
  /// What is read from a folder.
  enum Purpose: String {
    case plugin = "a plugin"
    case allowList = "a list of allowed plugins"
  }

  private struct Level {
    var path: String
    var owner: uid_t
    var mode: mode_t
  }

  /// Absolute, without symbolic links.
  let path: String
  let descriptor: Int32
  /// From the root to the folder itself.
  private let levels: [Level]
  private let trusted: Set<uid_t>

  /// - Parameters:
  ///   - path: Absolute, without symbolic links, one of which would be an error.
  ///   - owner: Who is trusted beside root, the process's user and the owner of the root folder.
  /// - Throws: `ZooError` (`notFound`).
  init(resolved path: String, owner: uid_t? = nil) throws {
    self.path = path
    var descriptor = open("/", Self.flags)
    var levels: [Level] = []
    var place = ""
    for name in [""] + path.split(separator: "/").map(String.init) {
      if !name.isEmpty {
        place += "/" + name
        let next = descriptor < 0 ? -1 : openat(descriptor, name.fileName, Self.flags)
        let code = errno
        close(descriptor)
        descriptor = next
        errno = code
      }
      var status = stat()
      guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
        let error = PluginFile.unreadable(path)
        close(descriptor)
        throw error
      }
      levels.append(Level(path: place.isEmpty ? "/" : place, owner: status.st_uid, mode: status.st_mode))
    }
    (self.descriptor, self.levels) = (descriptor, levels)
    // The owner of the root can change everything: in a user's namespace, the system's files belong to nobody.
    trusted = Set([0, geteuid(), levels[0].owner, owner].compactMap { $0 })
  }

  deinit { close(descriptor) }

  /// O_PATH, which Swift does not import: folders that may be entered, but not listed, will do.
  private static let flags: Int32 = 0o10_000_000 | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

  /// By which path the dynamic linker gets at the file `name` in this very folder, and at what lies beside it (`$ORIGIN`).
  func loadingPath(of name: String) -> String {
    let folder = "/proc/self/fd/\(descriptor)"
    // There may be no /proc.
    return "\(access(folder, F_OK) == 0 ? folder : path)/\(name)"
  }

  /// Refuses a folder in which somebody else than those who are trusted can put or change something, by itself or through a
  /// folder above, as OpenSSH does for its own files.
  ///
  /// - Throws: `ZooError` (`badData`).
  func checkTrust(for purpose: Purpose = .plugin) throws {
    for level in levels.reversed() {
      // Others can't rename what is not theirs in a sticky folder such as /tmp; but they could put libraries into it.
      let isShared = level.mode & S_ISVTX != 0 && (level.path != path || purpose == .allowList)
      try check(level.path, owner: level.owner, mode: isShared ? 0 : level.mode, for: purpose)
    }
  }

  /// Refuses what belongs to others, or may be written by them.
  func check(_ path: String, owner: uid_t, mode: mode_t, for purpose: Purpose = .plugin) throws {
    guard trusted.contains(owner) else {
      throw ZooError(
        .badData, "refused as \(purpose.rawValue): it belongs to another user (\(owner))", at: path,
        advice: "copy the file to a folder of your own, below folders of yours or root's")
    }
    guard mode & (S_IWGRP | S_IWOTH) == 0 else {
      throw ZooError(
        .badData, "refused as \(purpose.rawValue): others can write to it", at: path, advice: "chmod go-w '\(path)'")
    }
  }
}
