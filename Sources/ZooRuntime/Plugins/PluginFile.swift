import CCrypto
import Glibc
import ZooCore

/// A plugin's file, opened and checked before any of its code runs.
final class PluginFile {
  /// One file however it is named.
  struct Identity: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64
  }

  /// Absolute, without symbolic links: what the dynamic linker is given, and what `$ORIGIN` in it means.
  let path: String
  let identity: Identity
  private let descriptor: Int32
  private let size: UInt64

  /// - Throws: `ZooError`: `notFound`, or `badData` when it is no regular file.
  init(path named: String) throws {
    path = try Self.resolved(named)
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.unreadable(named) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw ZooError(.badData, "not a regular file", at: path)
    }
    identity = Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    size = UInt64(max(status.st_size, 0))
    owner = status.st_uid
    mode = status.st_mode
  }

  deinit { close(descriptor) }

  private let owner: uid_t
  private let mode: mode_t

  /// Whether the file has a plugin's entry point.
  ///
  /// - Throws: `ZooError` (`badData`) when it is no shared library for this machine.
  func isPlugin() throws -> Bool {
    do {
      return try ELFFile(descriptor: descriptor, size: size).exportsFunction("zoo_plugin_entry")
    } catch let problem as ELFFile.Problem {
      throw ZooError(
        .badData, "can't be loaded as a plugin: \(problem.description)", at: path,
        advice: "build it for this machine again, or copy it again")
    }
  }

  /// Refuses a file that somebody else than its user and root can change, by itself or through the folders above it.
  ///
  /// - Throws: `ZooError` (`badData`).
  func checkTrust() throws {
    try Self.check(path, owner: owner, mode: mode)
    var folder = path
    var isOwnFolder = true
    while let slash = folder.lastIndex(of: "/"), folder != "/" {
      folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
      var status = stat()
      guard stat(folder, &status) == 0 else { throw Self.unreadable(folder) }
      // Others can't rename what is not theirs in a sticky folder such as /tmp.
      let isSticky = status.st_mode & S_ISVTX != 0
      if isOwnFolder || !isSticky {
        try Self.check(folder, owner: isOwnFolder ? status.st_uid : 0, mode: status.st_mode)
      }
      isOwnFolder = false
    }
  }

  private static func check(_ path: String, owner: uid_t, mode: mode_t) throws {
    guard owner == 0 || owner == geteuid() else {
      throw ZooError(
        .badData, "refused as a plugin: it belongs to another user (\(owner))", at: path,
        advice: "copy the plugin to a folder of your own")
    }
    guard mode & (S_IWGRP | S_IWOTH) == 0 else {
      throw ZooError(
        .badData, "refused as a plugin: others can write to it", at: path, advice: "chmod go-w '\(path)'")
    }
  }

  /// Whether `path` still names this file.
  func isStillThere() -> Bool {
    var status = stat()
    return stat(path, &status) == 0
      && Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino)) == identity
  }

  /// The SHA-256 sum of the contents, in lower-case hexadecimal.
  func sha256() throws -> String {
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    var healthy = EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
    try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 64) { buffer in
      var offset: off_t = 0
      while true {
        let count = pread(descriptor, buffer.baseAddress, buffer.count, offset)
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else { throw Self.unreadable(path) }
        if count == 0 { return }
        healthy = EVP_DigestUpdate(context, buffer.baseAddress, count) == 1 && healthy
        offset += count
      }
    }
    var sum = [UInt8](repeating: 0, count: 32)
    guard healthy, EVP_DigestFinal_ex(context, &sum, nil) == 1 else {
      throw ZooError(.defect, "SHA-256 is not available", at: path)
    }
    return sum.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The absolute path of `named` without symbolic links.
  static func resolved(_ named: String) throws -> String {
    guard !named.utf8.contains(0), let found = realpath(named, nil) else { throw unreadable(named) }
    defer { free(found) }
    return String(cString: found)
  }

  static func unreadable(_ path: String) -> ZooError {
    let reason = String(cString: strerror(errno))
    return ZooError(
      .notFound, "can't open the plugin: \(reason)", at: path, advice: "check the path and ZOO_PLUGIN_PATH")
  }
}
