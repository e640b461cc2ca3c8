import Files
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
