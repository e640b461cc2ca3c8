/// New files that appear together: none is put in its place before all are complete and have room on the disk.
package struct NewFiles {
  /// Files that keep a descriptor, and so no name, until the end. Further ones wait under names of their own.
  private static let mostDescriptors = 64

  private var files: [NewFile] = []

  package init() {}

  /// Finishes `file`, which waits for the others.
  package mutating func add(_ file: NewFile) throws {
    try file.finish()
    if files.count >= Self.mostDescriptors {
      try file.giveName()
      file.closeEarly()
    }
    files.append(file)
  }

  /// Puts all files in their places, in the order in which they were added.
  package func commit() throws {
    for file in files { try file.giveName() }
    for file in files { try file.takePlace() }
  }
}
