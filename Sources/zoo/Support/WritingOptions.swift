import ArgumentParser
import ModelZoo

/// What becomes of a file that is where one is to be written.
struct WritingOptions: ParsableArguments {
  @Flag(
    name: [.customShort("n"), .customLong("no-clobber")],
    help: "Write over no file that is there: an error in its place. Without it files are replaced, as cp does.")
  var keepsFiles = false

  /// - Throws: `ZooError` (`usage`) for a file that is there and is to stay.
  func check(_ path: String) throws {
    // Pipes and devices lose nothing, and what a folder takes is asked about one by one.
    guard keepsFiles, FileKind(path: path) != nil, !isStream(path) else { return }
    throw ZooError(
      .usage, "there is such a file already, and --no-clobber keeps it", at: path,
      advice: "choose another name, or leave --no-clobber out")
  }
}
