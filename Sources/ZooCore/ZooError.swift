/// What went wrong, where, and what to do about it.
public struct ZooError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of thing went wrong, for programs to switch over; the command line turns it into its exit status
  /// (Docs/commands.md). Later versions may have more.
  public enum Kind: String, Sendable, Hashable, CaseIterable, Codable {
    /// A call or an option that makes no sense.
    case usage
    /// A file that is damaged, hostile or of the wrong format, or contents that make no sense.
    case badData
    /// A file, a model name or a plugin that is not there.
    case notFound
    /// Something valid that this software does not do.
    case unsupported
    /// A model needs an operator, or a version of one, that no loaded plugin offers.
    case missingOperator
    /// An input of a network that is missing, unknown, given twice, or of the wrong type.
    case badInput
    /// An input of a network whose shape the network does not take.
    case badShape
    /// What is computed takes more memory than it may (`Model.Options.memoryLimit`) or than there is.
    case outOfMemory
    /// The task was cancelled, or the caller asked to stop.
    case cancelled
    /// The deadline has passed.
    case deadlineExceeded
    /// A defect of this software.
    case defect
  }

  public var kind: Kind
  /// What was wrong, one sentence.
  public var message: String
  /// Where: a file, a node, a tensor, an offset.
  public var location: String?
  /// What to do about it.
  public var advice: String?

  public init(_ kind: Kind, _ message: String, at location: String? = nil, advice: String? = nil) {
    self.kind = kind
    self.message = message
    self.location = location
    self.advice = advice
  }

  /// `error`, if it is one of these; what else is thrown in here is a defect.
  package init(_ error: any Error) {
    switch error {
    case let error as ZooError: self = error
    case is CancellationError: self = .cancelled
    default: self.init(.defect, "\(error)")
    }
  }

  /// What ends a call that nobody waits for any more.
  package static let cancelled = ZooError(.cancelled, "the call was cancelled")

  /// The same error with `place` put in front of its location.
  public func located(_ place: String) -> ZooError {
    var error = self
    error.location = location.map { "\(place): \($0)" } ?? place
    return error
  }

  /// What needs a trait of the package that the program was built without.
  package static func leftOut(_ what: String, trait: String) -> ZooError {
    ZooError(
      .unsupported, "this program was built without \(what)",
      advice: "build it with the trait \(trait) of the package ModelZoo")
  }

  /// What `body` gives. The location of its error begins with `place`, which is put in front unless it is there already.
  package static func locating<Result>(
    _ place: @autoclosure () -> String, _ body: () throws -> Result
  ) throws -> Result {
    do { return try body() } catch let error as ZooError {
      let place = place()
      throw error.location?.hasPrefix(place) == true ? error : error.located(place)
    }
  }

  public var description: String {
    var text = location.map { "\($0): \(message)" } ?? message
    if let advice { text += " (\(advice))" }
    return text
  }
}
