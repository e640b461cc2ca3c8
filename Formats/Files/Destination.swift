import ZooCore
import ZooPlatform

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a new file does to what is at its path, as `cp` does: links are followed, an existing file keeps its mode, pipes
/// and devices take the bytes.
enum Destination {
  /// A place in a folder, with what is known of the file that is there.
  case file(path: String, replaced: FileAttributes?)
  /// A pipe or a character device.
  case stream(path: String)
  /// What the program has open already: `/dev/stdout`.
  case descriptor(Int32)

  /// As many as Linux follows.
  private static let mostLinks = 40

  /// - Throws: `ZooError`: `badData` for a folder and other things that no file can replace, `notFound` where the file may
  ///   not be written.
  init(_ named: String) throws {
    guard !named.utf8.contains(0) else { throw ZooError(.usage, "the name of a file has a zero in it", at: named) }
    var path = named
    for _ in 0...Self.mostLinks {
      if let descriptor = Self.descriptor(path) {
        guard fcntl(descriptor, F_GETFD) >= 0 else { throw ZooError(.notFound, "nothing is open there", at: named) }
        self = .descriptor(descriptor)
        return
      }
      var status = stat()
      guard lstat(path.fileName, &status) == 0 else {
        guard path == named else {
          throw ZooError(
            .notFound, "a symbolic link that leads to no file: \(path)", at: named, advice: "remove the link")
        }
        self = .file(path: path, replaced: nil)
        return
      }
      guard status.st_mode & S_IFMT == S_IFLNK else {
        self = try Self.existing(path, status, named)
        return
      }
      // Links of /proc lead to pipes that have no path.
      if stat(path.fileName, &status) == 0, Self.isStream(status) {
        self = .stream(path: path)
        return
      }
      path = try Self.target(of: path, named)
    }
    throw ZooError(.notFound, "too many symbolic links", at: named)
  }

  private static func existing(_ path: String, _ status: stat, _ named: String) throws -> Destination {
    if isStream(status) { return .stream(path: path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      throw ZooError(
        .badData, isFolder ? "a folder is where the file should go" : "neither a file, a pipe nor a character device",
        at: named, advice: "choose another name")
    }
    guard access(path.fileName, W_OK) == 0 else {
      throw ZooError.ofSystem(
        "the file can't be replaced", named, advice: "chmod u+w, if it is yours, or choose another name")
    }
    return .file(path: path, replaced: FileAttributes(status))
  }

  private static func isStream(_ status: stat) -> Bool {
    [S_IFIFO, S_IFCHR].contains(status.st_mode & S_IFMT)
  }

  private static func descriptor(_ path: String) -> Int32? {
    switch path {
    case "/dev/stdout": return STDOUT_FILENO
    case "/dev/stderr": return STDERR_FILENO
    default:
      for folder in ["/dev/fd/", "/proc/self/fd/"] where path.hasPrefix(folder) {
        return Int32(path.dropFirst(folder.count))
      }
      return nil
    }
  }

  private static func target(of path: String, _ named: String) throws -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink(path.fileName, &buffer, buffer.count)
    guard count >= 0 else { throw ZooError.ofSystem("the symbolic link can't be followed", named) }
    let target = String(fileName: buffer[..<count].map { UInt8(bitPattern: $0) })
    guard !target.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return target }
    return path[...slash] + target
  }
}

/// Whose a file is, and who may do what with it.
struct FileAttributes {
  private let owner: uid_t
  private let group: gid_t
  /// Without setuid and setgid, which new contents do not deserve.
  private let mode: mode_t

  init(_ status: stat) { (owner, group, mode) = (status.st_uid, status.st_gid, status.st_mode & 0o777) }

  /// Gives them to a new file, as far as the system lets this user: never more rights than the old one had.
  func apply(to descriptor: Int32) -> Bool {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return false }
    var mode = mode
    let isSame = status.st_uid == owner && status.st_gid == group
    if !isSame, fchown(descriptor, owner, group) != 0, fchown(descriptor, uid_t.max, group) != 0 {
      // Another group gets what everybody has.
      mode = mode & ~0o070 | (mode & 0o007) << 3 & mode
    }
    return fchmod(descriptor, mode) == 0
  }
}
