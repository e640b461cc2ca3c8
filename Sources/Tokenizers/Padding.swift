import ZooCore

/// How texts of a batch become equally long.
package struct Padding: Sendable, Hashable {
  /// The length of all; `nil` for that of the longest.
  package var length: Int?
  /// The length is rounded up to a multiple of this.
  package var multiple: Int?
  package var side: TokenizerSide
  /// The token that fills up.
  package var id: Int32
  package var typeID: Int32

  package init(
    length: Int? = nil, multiple: Int? = nil, side: TokenizerSide = .right, id: Int32 = 0, typeID: Int32 = 0
  ) {
    self.length = length
    self.multiple = multiple
    self.side = side
    self.id = id
    self.typeID = typeID
  }

  /// A text of more tokens than this is longer than any model takes.
  private static let greatestLength = 1 << 24

  init(_ settings: Settings) throws {
    var length: Int?
    if settings.value("strategy")?.text != "BatchLongest" {
      guard let strategy = settings.component("strategy") else { throw settings.missing("strategy", "a strategy") }
      length = try strategy.integer("Fixed")
    }
    let multiple = try settings.value("pad_to_multiple_of").map { _ in try settings.integer("pad_to_multiple_of") }
    for value in [length, multiple] where value.map({ $0 < 0 || $0 > Self.greatestLength }) == true {
      throw settings.missing("strategy", "a sensible length")
    }
    try self.init(
      length: length, multiple: multiple, side: TokenizerSide(settings), id: settings.id("pad_id"),
      typeID: Int32(clamping: settings.integer("pad_type_id", default: 0)))
  }

  /// Fills up texts; those that are longer stay as they are.
  package func apply(to batch: inout [Encoding]) {
    var length = length ?? batch.map(\.ids.count).max() ?? 0
    if let multiple, multiple > 0 { length = (length + multiple - 1) / multiple * multiple }
    for index in batch.indices where batch[index].ids.count < length {
      let missing = length - batch[index].ids.count
      let ids = [Int32](repeating: id, count: missing)
      let types = [Int32](repeating: typeID, count: missing)
      switch side {
      case .left:
        batch[index].ids = ids + batch[index].ids
        batch[index].typeIDs = types + batch[index].typeIDs
        batch[index].leftPadding += missing
      case .right:
        batch[index].ids += ids
        batch[index].typeIDs += types
        batch[index].rightPadding += missing
      }
    }
  }
}
