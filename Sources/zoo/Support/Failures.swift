import ArgumentParser
import ModelZoo

/// Errors that do not end a command over several inputs: each is reported at once, and the first gives the exit status.
struct Failures {
  private var first: ZooError?

  mutating func report(_ error: any Error) {
    let error = error as? ZooError ?? ZooError(.defect, "\(error)")
    Console.report(error)
    first = first ?? error
  }

  /// Adds those of another part, which come later.
  mutating func join(_ others: Failures) { first = first ?? others.first }

  /// Ends the command with the first error's status, if there was one.
  func finish() throws {
    if let first { throw ExitCode(first.kind.exitStatus) }
  }
}
