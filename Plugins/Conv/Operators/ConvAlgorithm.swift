import CConvKernels
import PluginSupport
import ZooPlugin

/// How a convolution is computed.
enum ConvAlgorithm: Equatable {
  /// Blocked input, k×k taps.
  case direct
  /// Blocked input, one tap: a product of matrices.
  case pointwise
  case depthwise
  /// Blocked input, 3×3 taps, in volumes some layers of them, by Winograd's algorithm in tiles of 2×2 or 4×4 outputs.
  case winograd2
  case winograd4
  /// The same for 5×5 taps, in tiles of 2×2 outputs.
  case winograd2By5
  /// Blocked input, k×k taps, a few output channels.
  case few
  /// Blocked input, with all factors rounded to bfloat16 or to 8-bit integers.
  case bfloat16
  case int8
  /// As `int8`, with the same sums, 3×3 taps by Winograd's algorithm in tiles of 4×4 outputs.
  case int8Windows
  /// Plain input, copied with its padding.
  case plain
  /// Any element type and any padding, slowly.
  case reference

  /// Chooses by shape, layout and the precision that the node may have.
  init(_ geometry: ConvGeometry, _ node: Node, on host: ZooHost) throws {
    if try node.input(0).layout == .nchw16c {
      guard geometry.canReadBlocked else {
        throw OperatorError("this convolution does not take blocked input", kind: .unsupported)
      }
      if geometry.isDepthwise {
        self = .depthwise
        return
      }
      if geometry.type != .float32 {
        guard geometry.suitsBytes else {
          throw OperatorError("bytes don't suit this convolution", kind: .unsupported)
        }
        self = Self.ofBytes(geometry, on: host)
        return
      }
      // By shape alone: int8 has the same results on every CPU.
      if node.allowsInt8, geometry.suitsNarrow, geometry.mergedGroups == 1, geometry.products <= Int(CONV_INT8_PRODUCTS)
      {
        self = Self.ofBytes(geometry, on: host)
        return
      }
      var candidates: [ConvAlgorithm] = geometry.window.taps == 1 ? [.pointwise] : [.direct]
      if geometry.suitsFew { candidates.append(.few) }
      if geometry.suitsWinograd(side: 3) { candidates += [.winograd2, .winograd4] }
      if geometry.suitsWinograd(side: 5) { candidates.append(.winograd2By5) }
      if node.allowsBFloat16, geometry.suitsNarrow, conv_offers_bfloat16(conv_machine(host)) != 0 {
        candidates.append(.bfloat16)
      }
      self = candidates.min { $0.cost(geometry) < $1.cost(geometry) } ?? .direct
      return
    }
    self = geometry.type == .float32 && geometry.canBePadded ? .plain : .reference
  }

  private static func ofBytes(_ geometry: ConvGeometry, on host: ZooHost) -> ConvAlgorithm {
    let channels = geometry.inputChannels * max(geometry.mergedGroups, 1)
    // A task has a row of tiles at least, which has to stay in the caches.
    guard geometry.suitsWinograd(side: 3), geometry.window.taps == 9, channels > Int(CONV_WINDOWS_CHANNELS),
      geometry.window.output.last.map({ $0 <= 4096 }) == true, conv_offers_windows(conv_machine(host)) != 0
    else { return .int8 }
    return Self.int8Windows.cost(geometry) < Self.int8.cost(geometry) ? .int8Windows : .int8
  }

  var raw: Int32 {
    switch self {
    case .direct, .pointwise: Int32(CONV_DIRECT)
    case .few: Int32(CONV_FEW)
    case .depthwise: Int32(CONV_DEPTHWISE)
    case .winograd2: Int32(CONV_WINOGRAD_2)
    case .winograd4: Int32(CONV_WINOGRAD_4)
    case .winograd2By5: Int32(CONV_WINOGRAD_2_5)
    case .bfloat16: Int32(CONV_IN_BFLOAT16)
    case .int8: Int32(CONV_IN_INT8)
    case .int8Windows: Int32(CONV_INT8_WINDOWS)
    case .plain, .reference: Int32(CONV_PLAIN)
    }
  }

  /// For people.
  func summary(_ geometry: ConvGeometry) -> String {
    let kernel = geometry.window.kernel.map(String.init).joined(separator: "×")
    let product = geometry.window.taps == 1 ? "1×1 matrix product" : "direct \(kernel)"
    switch self {
    case .direct, .pointwise: return product
    case .few: return product + " of few outputs"
    case .bfloat16: return product + " in bf16"
    case .int8: return product + " in int8"
    case .int8Windows: return "Winograd F(4×4, \(kernel)) in int8"
    case .depthwise: return "depthwise \(kernel)" + (geometry.type == .float32 ? "" : " in int8")
    case .winograd2, .winograd2By5: return "Winograd F(2×2, \(kernel))"
    case .winograd4: return "Winograd F(4×4, \(kernel))"
    case .plain:
      return geometry.groups == 1 && geometry.inputChannels <= 4 ? "first layer \(kernel)" : "general \(kernel)"
    case .reference: return "reference \(kernel)"
    }
  }

  /// The time of a convolution of blocks, in additions and multiplications at the full rate of the cores.
  ///
  /// Small maps with many channels are bound by reading the weights, of which Winograd's tiles have more (16 or 36 for
  /// every 9), so the time is the longer of computing and reading.
  private func cost(_ geometry: ConvGeometry) -> Double {
    /// Arithmetic that fits into the time of reading one byte of weights; close for AVX2 and AVX-512 machines alike.
    let arithmeticPerByte = 9.0
    let merged = Double(geometry.mergedGroups)
    func blocked(_ channels: Double) -> Double { (channels / 16).rounded(.up) * 16 }
    let inputs = merged * Double(geometry.inputChannels)
    let outputs = blocked(merged * Double(geometry.outputChannels))
    let taps = Double(geometry.window.taps)
    let plane = geometry.window.output.suffix(2)
    let (outputSlices, inputSlices, layers) = (
      Double(geometry.window.output.dropLast(2).first ?? 1), Double(geometry.window.input.dropLast(2).first ?? 1),
      Double(geometry.window.kernel.dropLast(2).first ?? 1)
    )
    func time(
      tile: Int, weights: Double, transforms: Double, efficiency: Double, weightBytes: Double = 4
    ) -> Double {
      let tiles = plane.reduce(Double(geometry.batch)) { $0 * Double(($1 + tile - 1) / tile) }
      let products = 2 * layers * weights * inputs * outputs
      let computing =
        tiles
        * (outputSlices * products / efficiency + transforms * (inputSlices * inputs + outputSlices * outputs))
      return max(computing, weightBytes * layers * weights * inputs * outputs * arithmeticPerByte)
    }
    let direct = time(tile: 1, weights: taps / layers, transforms: 0, efficiency: 0.85)
    switch self {
    case .winograd2: return time(tile: 2, weights: 16, transforms: 160, efficiency: 0.75)
    // Measured: on 14×14 maps F(4×4) is no faster than F(2×2), whatever the arithmetic says, and its weights take
    // more than twice the memory.
    case .winograd4: return time(tile: 4, weights: 36, transforms: 400, efficiency: 0.53)
    case .winograd2By5: return time(tile: 2, weights: 36, transforms: 330, efficiency: 0.53)
    // Twice the products of float32 in a step; rounding the input costs about as much as adding up.
    case .bfloat16: return time(tile: 1, weights: taps / layers, transforms: 4, efficiency: 2 * 0.85, weightBytes: 2)
    // Pairs of products and their sums in about the time of one in float32.
    case .int8: return time(tile: 1, weights: taps / layers, transforms: 4, efficiency: 1, weightBytes: 2)
    case .int8Windows: return time(tile: 4, weights: 36, transforms: 250, efficiency: 0.85, weightBytes: 3)
    // Lanes that would be outputs are inputs, and added up.
    case .few: return direct * 1.7 * Double(geometry.outputChannels) / outputs * blocked(inputs) / inputs
    default: return direct
    }
  }
}

extension ConvGeometry {
  /// What is multiplied and summed for one output.
  var products: Int { saturatingProduct([inputChannels, window.taps]) }

  /// Whether a copy of the input with its padding stays in proportion to what the caller has given.
  fileprivate var canBePadded: Bool {
    paddedCount / 16 <= max(saturatingProduct([batch, groups, inputChannels] + window.input), 1 << 16)
  }

  /// Whether bytes can be multiplied as they are: sums, and what zero points add to them, stay below 2³¹.
  var suitsBytes: Bool { suitsNarrow && products <= 1 << 15 }

  /// Whether narrow factors can serve blocked input.
  fileprivate var suitsNarrow: Bool { !isDepthwise && canBePadded && window.taps <= CONV_MOST_TAPS }

  /// Whether lanes may be input channels. With few products adding them up would take the time.
  fileprivate var suitsFew: Bool {
    groups == 1 && outputChannels <= Int(CONV_FEW_CHANNELS) && products >= 64
  }

  /// Whether Winograd's algorithm can serve: undilated windows, `side` high and wide, that move by one over planes, or
  /// over the slices of a volume.
  fileprivate func suitsWinograd(side: Int) -> Bool {
    window.kernel.count >= 2 && window.kernel.suffix(2) == [side, side] && !window.input.contains(0)
      && window.strides.allSatisfy { $0 == 1 }
      && window.dilations.suffix(2).allSatisfy { $0 == 1 }
  }
}
