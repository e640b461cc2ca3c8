import JSON
import ZooCore

/// The special tokens of BERT and of RoBERTa, in the form that older files give them.
struct PairProcessing: PostProcessor {
  private let start: Int32
  private let separator: Int32
  /// RoBERTa sets another separator before the second text and gives all tokens type 0.
  private let isRoberta: Bool

  static func bert(_ settings: Settings) throws -> PairProcessing { try PairProcessing(settings, isRoberta: false) }

  static func roberta(_ settings: Settings) throws -> PairProcessing { try PairProcessing(settings, isRoberta: true) }

  /// BERT's.
  init(start: Int32, separator: Int32) {
    (self.start, self.separator) = (start, separator)
    isRoberta = false
  }

  private init(_ settings: Settings, isRoberta: Bool) throws {
    /// A token is given with its id: `["[SEP]", 102]`.
    func id(_ name: String) throws -> Int32 {
      let parts = try settings.list(name)
      guard parts.count == 2, let id = parts[1].integer.flatMap(Int32.init(exactly:)), id >= 0 else {
        throw settings.missing(name, "a token with its id")
      }
      return id
    }
    start = try id("cls")
    separator = try id("sep")
    self.isRoberta = isRoberta
  }

  func process(_ parts: [Encoding], _ budget: Budget) -> [Encoding] {
    var result = Encoding()
    for (index, part) in parts.enumerated() {
      let ids = index == 0 ? [start] + part.ids : isRoberta ? [separator] + part.ids : part.ids
      result.append(ids + [separator], typeID: isRoberta ? 0 : Int32(index))
    }
    return [result]
  }

  func addedCount(isPair: Bool) -> Int { isPair ? isRoberta ? 4 : 3 : 2 }
}
