import CZooSystem

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension ModelDefinition {
  /// The model in `data`, the contents of a file of any of `ModelFormat`'s formats that is complete in itself. It is copied.
  ///
  /// - Parameters:
  ///   - data: The contents.
  ///   - name: What errors call it.
  /// - Throws: as `init(contentsOf:)`; `outOfMemory`.
  public init(data: some ContiguousBytes, name: String = "model") throws(ZooError) {
    // A file in memory serves the readers of all formats, which map files.
    let descriptor = data.withUnsafeBytes { zoo_memory_file($0.baseAddress, $0.count) }
    guard descriptor >= 0 else {
      throw ZooError(.outOfMemory, "no memory for a copy: \(String(cString: strerror(errno)))", at: name)
    }
    defer { close(descriptor) }
    let path = "/proc/self/fd/\(descriptor)"
    do {
      try self.init(contentsOf: path)
    } catch {
      // Nobody knows the file by this name.
      var error = error
      error.location = error.location?.replacing(path, with: name)
      error.message = error.message.replacing(path, with: name)
      error.advice = error.advice?.replacing(path, with: name)
      throw error
    }
  }
}
