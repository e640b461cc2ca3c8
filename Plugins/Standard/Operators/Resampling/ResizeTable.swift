import PluginSupport
import ZooPlugin

/// What one axis of a resized tensor is made of: for each place, places of the original axis with weights.
struct ResizeTable: @unchecked Sendable {
  /// By place of the result, where its entries begin; one more for the end.
  let starts: Scratch<Int64>
  private(set) var places: ScratchList<Int64>
  private(set) var weights: ScratchList<Double>
  /// Places of the result that lie outside the original axis and show the extrapolation value.
  private(set) var outside: ScratchList<Int>
  let resizing: AxisResizing
  /// Whether the axis stays as it is.
  private(set) var isIdentity = false

  /// More taps than this for the places of one axis are refused.
  private static let mostTaps = 1 << 26

  init(_ resizing: AxisResizing, _ settings: ResizeSettings, host: ZooHost) throws {
    self.resizing = resizing
    starts = try host.scratch(try resizing.resized.adding(1))
    (places, weights, outside) = (ScratchList(host: host), ScratchList(host: host), ScratchList(host: host))
    var taps = ScratchList<(place: Int, weight: Double)>(host: host)
    starts[0] = 0
    for place in 0..<resizing.resized {
      let original = resizing.original(place, settings)
      guard original.isFinite, abs(original) < 0x1p52 else {
        throw OperatorError("place \(place) of a resized axis shows \(original) of \(resizing.length) places")
      }
      if settings.coordinates == .cropAndResize, original < 0 || original > Double(resizing.length - 1) {
        try outside.append(place)
      }
      if settings.mode == .nearest {
        try add(Int(Self.nearest(original, settings.nearest, shrinks: resizing.scale < 1)), 1)
      } else {
        try addTaps(original, settings, &taps)
      }
      starts[place + 1] = Int64(places.count)
    }
    isIdentity =
      resizing.length == resizing.resized && outside.count == 0
      && (0..<resizing.resized).allSatisfy { place in
        (Int(starts[place])..<Int(starts[place + 1])).allSatisfy { weights[$0] == (places[$0] == place ? 1 : 0) }
      }
  }

  /// Calls `body` with `starts`, `places` and `weights`.
  func withPointers(
    _ body: (UnsafePointer<Int64>, UnsafePointer<Int64>?, UnsafePointer<Double>?) -> Void
  ) {
    starts.withPointer { starts in
      places.withElements { places in
        weights.withElements { weights in body(starts, places.baseAddress, weights.baseAddress) }
      }
    }
  }

  private mutating func add(_ place: Int, _ weight: Double) throws {
    try places.append(Int64(min(max(place, 0), resizing.length - 1)))
    try weights.append(weight)
  }

  private static func nearest(_ original: Double, _ mode: ResizeSettings.Nearest, shrinks: Bool) -> Double {
    switch mode {
    case .roundPreferFloor: (original - 0.5).rounded(.up)
    case .roundPreferCeil: (original + 0.5).rounded(.down)
    case .floor: original.rounded(.down)
    case .ceil: original.rounded(.up)
    case .simple: original.rounded(shrinks ? .up : .towardZero)
    }
  }

  private mutating func addTaps(
    _ original: Double, _ settings: ResizeSettings, _ taps: inout ScratchList<(place: Int, weight: Double)>
  ) throws {
    // Antialiasing makes the filter as wide as what one place of the result covers.
    let stretch = settings.isAntialiased ? min(resizing.scale, 1) : 1
    let support = (settings.mode == .linear ? 1 : 2) / stretch
    guard support < Double(Self.mostTaps), places.count + Int(2 * support) < Self.mostTaps else {
      throw OperatorError("the filter of a resized axis covers \(2 * support) places", kind: .unsupported)
    }
    let base = Int(original.rounded(.down))
    let first = base + Int((-support).rounded(.down)) + 1
    let last = base - Int((-support).rounded(.down))
    let factor = settings.cubicFactor
    taps.removeAll()
    var sum = 0.0
    for place in first...last {
      let distance = abs(Double(place) - original) * stretch
      var weight = settings.mode == .linear ? max(0, 1 - distance) : Self.cubic(distance, factor)
      if settings.excludesOutside, place < 0 || place >= resizing.length { weight = 0 }
      if weight != 0 { try taps.append((place, weight)) }
      sum += weight
    }
    let normalizes = settings.isAntialiased || settings.excludesOutside
    guard !normalizes || sum != 0 else { throw OperatorError("the weights of a resized axis have no sum") }
    for index in 0..<taps.count { try add(taps[index].place, taps[index].weight / (normalizes ? sum : 1)) }
  }

  /// Keys 1981, equation (4), by the distance of a sample.
  private static func cubic(_ x: Double, _ a: Double) -> Double {
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    if x < 2 { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
    return 0
  }
}
