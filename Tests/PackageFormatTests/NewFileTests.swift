import Files
import Foundation
import TestSupport
import Testing
import ZooCore

@Suite struct NewFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func appearsWhenItIsComplete() throws {
    try folder.write([9, 9, 9], "a")
    do {
      let file = try NewFile(folder.file("a"))
      try file.append([1, 2])
      try file.skip(to: 100_000)
      try file.append([3])
      try file.finish()
      #expect(try folder.contents("a") == [9, 9, 9])
      try file.commit()
    }
    #expect(folder.names == ["a"])
    let bytes = try folder.contents("a")
    #expect(bytes.count == 100_001 && bytes.prefix(3) == [1, 2, 0] && bytes.last == 3)
  }

  @Test func leavesNothing() throws {
    do {
      let file = try NewFile(folder.file("a"))
      try file.append([UInt8](repeating: 1, count: 100_000))
      try file.finish()
    }
    #expect(folder.names.isEmpty)
    // A folder can't be replaced by a file.
    let error = #expect(throws: ZooError.self) {
      let file = try NewFile(folder.path)
      try file.append([1])
      try file.commit()
    }
    #expect(error?.kind == .badData)
    #expect(folder.names.isEmpty)
    #expect(throws: ZooError.self) { try NewFile(folder.file("none/a")) }
  }

  @Test func hidesWhereItNeedsAName() throws {
    do {
      let file = try NewFile(folder.file("a"), isNamed: true)
      try file.append([1])
      #expect(folder.names.count == 1 && folder.names[0].hasPrefix(".a."))
    }
    #expect(folder.names.isEmpty)
    let file = try NewFile(folder.file("a"), isNamed: true)
    try file.append([1])
    try file.commit()
    #expect(folder.names == ["a"])
  }

  /// As `cp` does.
  @Test func keepsTheModeOfWhatItReplaces() throws {
    for (mode, isNamed) in [(0o600, false), (0o640, true), (0o4755, false)] {
      try folder.write([9], "a")
      try #require(chmod(folder.file("a"), mode_t(mode)) == 0)
      let file = try NewFile(folder.file("a"), isNamed: isNamed)
      try file.append([1])
      try file.commit()
      #expect(try folder.contents("a") == [1])
      #expect(status("a").st_mode & 0o7777 == mode_t(mode & 0o777))
    }
  }

  @Test(.needs(.root)) func keepsTheOwner() throws {
    try folder.write([9], "a")
    try #require(chown(folder.file("a"), 1234, 1235) == 0)
    try NewFile.write([], to: folder.file("a"))
    #expect(status("a").st_uid == 1234 && status("a").st_gid == 1235)
  }

  @Test func followsLinks() throws {
    try FileManager.default.createDirectory(atPath: folder.file("real"), withIntermediateDirectories: false)
    try folder.write([9], "real/a")
    for (link, target) in [("middle", "real/a"), ("outer", folder.file("middle"))] {
      try #require(symlink(target, folder.file(link)) == 0)
    }
    let file = try NewFile(folder.file("outer"))
    try file.append([1, 2])
    try file.commit()
    #expect(try folder.contents("real/a") == [1, 2])
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.file("middle")) == "real/a")
    for (link, target) in [("loose", "nowhere"), ("round", "round")] {
      try #require(symlink(target, folder.file(link)) == 0)
      let error = #expect(throws: ZooError.self) { try NewFile(folder.file(link)) }
      #expect(error?.kind == .notFound && error?.location == folder.file(link))
    }
    #expect(!FileManager.default.fileExists(atPath: folder.file("nowhere")))
  }

  @Test func feedsPipesAndDevices() throws {
    try #require(mkfifo(folder.file("pipe"), 0o600) == 0)
    try #require(symlink("pipe", folder.file("link")) == 0)
    // Read and write, so that nobody waits.
    let pipe = open(folder.file("pipe"), O_RDWR)
    defer { close(pipe) }
    let file = try NewFile(folder.file("link"))
    try file.append([1, 2, 3])
    try file.replace(at: 0, with: [7])
    try file.commit()
    var bytes = [UInt8](repeating: 0, count: 8)
    #expect(read(pipe, &bytes, 8) == 3 && bytes.prefix(3) == [7, 2, 3])
    #expect(status("pipe").st_mode & S_IFMT == S_IFIFO)
    try NewFile.write([], to: "/dev/null")
    var null = stat()
    #expect(stat("/dev/null", &null) == 0 && null.st_mode & S_IFMT == S_IFCHR)
  }

  /// What is open already is written on from where it is.
  @Test func continuesDescriptors() throws {
    try folder.write([], "a")
    let descriptor = open(folder.file("a"), O_WRONLY | O_APPEND)
    defer { close(descriptor) }
    for byte: UInt8 in [1, 2] {
      let file = try NewFile("/dev/fd/\(descriptor)")
      try file.append([byte])
      try file.commit()
    }
    #expect(try folder.contents("a") == [1, 2])
    #expect(throws: ZooError.self) { try NewFile("/dev/fd/987654") }
  }

  @Test func takesNamesOfAnyLength() throws {
    let name = String(repeating: "ü", count: 127)
    let file = try NewFile(folder.file(name), isNamed: true)
    try file.commit()
    #expect(folder.names.map(\.utf8.count) == [254])
    #expect(throws: ZooError.self) { try NewFile(folder.file("a\0b")) }
    #expect(folder.names.count == 1)
  }

  @Test func severalAppearTogether() throws {
    // More than there may be descriptors for.
    let names = (0..<100).map { "f\($0)" }
    func files(_ last: String) throws -> NewFiles {
      var files = NewFiles()
      for name in names + [last] {
        let file = try NewFile(folder.file(name))
        try file.append(Array(name.utf8))
        try files.add(file)
      }
      return files
    }
    #expect(throws: ZooError.self) { try files("none/a") }
    #expect(folder.names.isEmpty)
    let all = try files("last")
    #expect(folder.names.allSatisfy { $0.hasPrefix(".") })
    try all.commit()
    #expect(Set(folder.names) == Set(names + ["last"]))
    #expect(try folder.contents("f99") == Array("f99".utf8))
  }

  private func status(_ name: String) -> stat {
    var status = stat()
    #expect(lstat(folder.file(name), &status) == 0)
    return status
  }

  #if os(Linux)
    /// So that a program that is killed leaves nothing either.
    @Test func hasNoNameBefore() throws {
      let file = try NewFile(folder.file("a"))
      try file.append([UInt8](repeating: 1, count: 100_000))
      // File systems that can't have that show a hidden file.
      #expect(folder.names.allSatisfy { $0.hasPrefix(".a.") })
      try file.commit()
      #expect(folder.names == ["a"])
    }
  #endif
}
