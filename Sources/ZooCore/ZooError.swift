/// What went wrong, where, and what to do about it.
public struct ZooError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Whose fault it is; the command line turns it into its exit status.
  public enum Kind: Sendable, Hashable {
    /// A call or an option that makes no sense (exit status 64).
    case usage
    /// A file or an input that is damaged, hostile or of the wrong kind (65).
    case badData
    /// A file, a model name or a plugin that is not there (66).
    case notFound
    /// A valid model that needs something which no loaded plugin offers (65).
    case unsupported
    /// A defect of this software (70).
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
