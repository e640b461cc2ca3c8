import Glibc
import ZooCore
import ZooPlatform

/// The SHA-256 sums of the plugins that may be loaded.
package struct PluginAllowList: Sendable, Hashable {
  /// In lower-case hexadecimal.
  package private(set) var sums: Set<String>

  /// - Throws: `ZooError` (`usage`) for a sum that is not 64 hexadecimal digits.
  package init(sums: some Sequence<String>) throws {
    self.sums = []
    for sum in sums {
      guard Self.isSum(sum.utf8) else { throw ZooError(.usage, "“\(sum)” is not a SHA-256 sum") }
      self.sums.insert(sum.lowercased())
    }
  }

  /// The sums in a file as `sha256sum` writes it; the names in it don't matter. Empty lines and lines that begin with
  /// `#` are skipped.
  ///
  /// - Throws: `ZooError`: `notFound`, or `badData` for a file that others can write or that holds something else.
  package init(contentsOf path: String) throws {
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    let descriptor = open(path.fileName, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0, let file = fdopen(descriptor, "r") else {
      throw ZooError(
        .notFound, "can't open the list of allowed plugins: \(String(cString: strerror(errno)))", at: path,
        advice: "check ZOO_PLUGIN_ALLOW")
    }
    defer { fclose(file) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= 1 << 24 else {
      throw ZooError(.badData, "this is no list of allowed plugins, but no file at all or one over 16 MiB", at: path)
    }
    guard status.st_mode & (S_IWGRP | S_IWOTH) == 0,
      status.st_uid == 0 || status.st_uid == geteuid()
    else {
      throw ZooError(
        .badData, "others can write to this list of allowed plugins", at: path, advice: "chmod go-w '\(path)'")
    }
    let folder = PluginFile.split(try PluginFile.resolved(path)).folder
    try PluginFolder(resolved: folder).checkTrust(for: .allowList)
    sums = []
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    var number = 0
    while true {
      let count = getline(&line, &capacity, file)
      guard count >= 0, let line else { return }
      number += 1
      var text = UnsafeRawBufferPointer(start: line, count: count)[...]
      while let last = text.last, last == 10 || last == 13 || last == 32 { text.removeLast() }
      // A backslash marks a name with escapes.
      if text.first == 92 { text.removeFirst() }
      guard let first = text.first, first != 35 else { continue }
      let sum = text.prefix { $0 != 32 && $0 != 9 }
      guard Self.isSum(sum) else {
        throw ZooError(
          .badData, "not a line as sha256sum writes it", at: "\(path), line \(number)",
          advice: "make the list with sha256sum lib*.so")
      }
      sums.insert(String(decoding: sum, as: UTF8.self).lowercased())
    }
  }

  private static func isSum(_ text: some Collection<UInt8>) -> Bool {
    text.count == 64 && text.allSatisfy { 48...57 ~= $0 || 65...70 ~= $0 || 97...102 ~= $0 }
  }
}
