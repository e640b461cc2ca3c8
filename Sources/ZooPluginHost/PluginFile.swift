import Glibc
import ZooCore
import ZooPlatform

/// A plugin's file, opened and checked before any of its code runs.
final class PluginFile: Sendable {
  /// One file however it is named.
  struct Identity: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64
  }

  /// Absolute, without symbolic links.
  var path: String { folder.path == "/" ? "/" + name : "\(folder.path)/\(name)" }
  let identity: Identity
  private let folder: PluginFolder
  private let name: String
  private let descriptor: Int32
  private let status: stat

  /// - Throws: `ZooError`: `notFound`, or `badData` when it is no regular file.
  convenience init(path named: String) throws {
    let path = try Self.resolved(named)
    let (folder, name) = Self.split(path)
    try self.init(in: PluginFolder(resolved: folder), name)
  }

  /// - Throws: as `init(path:)`, and for a symbolic link.
  init(in folder: PluginFolder, _ name: String) throws {
    (self.folder, self.name) = (folder, name)
    let path = "\(folder.path)/\(name)"
    descriptor = openat(folder.descriptor, name.fileName, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
    guard descriptor >= 0 else { throw Self.unreadable(path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw ZooError(.badData, "not a regular file", at: path)
    }
    identity = Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    self.status = status
  }

  deinit { close(descriptor) }

  /// Whether the file has a plugin's entry point.
  ///
  /// - Throws: `ZooError` (`badData`) when it is no shared library for this machine.
  func isPlugin() throws -> Bool {
    do {
      return try ELFFile(descriptor: descriptor, size: UInt64(max(status.st_size, 0))).exportsFunction(
        "zoo_plugin_entry")
    } catch let problem as ELFFile.Problem {
      throw ZooError(
        .badData, "can't be loaded as a plugin: \(problem.description)", at: path,
        advice: "build it for this machine again, or copy it again")
    }
  }

  /// Whether it is a text that leads the linker to a library (GNU ld's "Implicit Linker Scripts").
  var isLinkerText: Bool {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1024) { buffer in
      let count = pread(descriptor, buffer.baseAddress, buffer.count, 0)
      guard count > 0, let text = String(validating: buffer[..<count], as: UTF8.self) else { return false }
      return ["INPUT", "GROUP"].contains { word in text.contains("\(word)(") || text.contains("\(word) (") }
    }
  }

  /// Refuses a file that somebody else than its user and root can change, by itself or through the folders above it.
  ///
  /// - Throws: `ZooError` (`badData`).
  func checkTrust() throws {
    try folder.check(path, owner: status.st_uid, mode: status.st_mode)
    try folder.checkTrust()
  }

  /// By which path the dynamic linker gets at this file, in the folder that was checked.
  var loadingPath: String { folder.loadingPath(of: name) }

  /// Whether the folder still holds this file under its name, and nobody has written to it since it was opened.
  func isUnchanged() -> Bool {
    var now = stat()
    guard fstatat(folder.descriptor, name.fileName, &now, AT_SYMLINK_NOFOLLOW) == 0 else { return false }
    return now.st_dev == status.st_dev && now.st_ino == status.st_ino && now.st_size == status.st_size
      && now.st_mtim.tv_sec == status.st_mtim.tv_sec && now.st_mtim.tv_nsec == status.st_mtim.tv_nsec
  }

  /// The SHA-256 sum of the contents, in lower-case hexadecimal.
  func sha256() throws -> String {
    var sum = SHA256()
    try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 64) { buffer in
      var offset: off_t = 0
      while true {
        let count = pread(descriptor, buffer.baseAddress, buffer.count, offset)
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else { throw Self.unreadable(path) }
        if count == 0 { return }
        sum.add(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        offset += count
      }
    }
    return sum.finish()
  }

  /// The folder and the name of a file at an absolute path.
  static func split(_ path: String) -> (folder: String, name: String) {
    let slash = path.lastIndex(of: "/") ?? path.startIndex
    return (slash == path.startIndex ? "/" : String(path[..<slash]), String(path[slash...].dropFirst()))
  }

  /// The absolute path of `named` without symbolic links.
  static func resolved(_ named: String) throws -> String {
    guard !named.utf8.contains(0), let found = realpath(named.fileName, nil) else { throw unreadable(named) }
    defer { free(found) }
    return String(cFileName: found)
  }

  static func unreadable(_ path: String) -> ZooError {
    let reason = String(cString: strerror(errno))
    return ZooError(
      .notFound, "can't open the plugin: \(reason)", at: path, advice: "check the path and ZOO_PLUGIN_PATH")
  }
}
