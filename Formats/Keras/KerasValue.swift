/// A tensor as Keras sees it, and how it lies in memory.
struct KerasValue {
  /// The value's name in the graph.
  var name: String
  /// Keras' extents, the batch first; `nil` where they are not known.
  var shape: [Int?]
  /// Whether Keras' last axis is the second one in memory.
  var isChannelsFirst = false
  /// Which steps count: the name of truth values, one for each step.
  var mask: String?
  /// The value before zeros were put around it, and how many before and after each spatial axis.
  var unpadded: Unpadded?

  struct Unpadded {
    var name: String
    var shape: [Int?]
    var before: [Int]
    var after: [Int]
  }

  var rank: Int { shape.count }

  /// Where Keras' axis is in memory.
  func place(ofAxis axis: Int) -> Int {
    guard isChannelsFirst, axis > 0 else { return axis }
    return axis == rank - 1 ? 1 : axis + 1
  }
}

/// Which axis of pictures the channels are.
enum KerasDataFormat {
  case channelsLast
  case channelsFirst
}
