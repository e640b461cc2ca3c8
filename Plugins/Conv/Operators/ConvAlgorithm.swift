import CConvKernels
import ZooPlugin

/// How a convolution is computed.
enum ConvAlgorithm: Equatable {
  /// Blocked input, k×k taps.
  case direct
  /// Blocked input, one tap: a product of matrices.
  case pointwise
  case depthwise
  /// Blocked input, 3×3 taps, by Winograd's algorithm in tiles of 2×2 or 4×4 outputs.
  case winograd2
  case winograd4
  /// Plain input, copied with its padding.
  case plain
  /// Any element type and any padding, slowly.
  case reference

  /// Chooses by shape and layout.
  init(_ geometry: ConvGeometry, inputLayout: Layout) throws {
    if inputLayout == .nchw16c {
      guard geometry.canReadBlocked else {
        throw OperatorError("this convolution does not take blocked input", kind: .unsupported)
      }
      if geometry.isDepthwise {
        self = .depthwise
      } else if geometry.window.taps == 1 {
        self = .pointwise
      } else if geometry.suitsWinograd {
        let candidates: [ConvAlgorithm] = [.direct, .winograd2, .winograd4]
        self = candidates.min { $0.cost(geometry) < $1.cost(geometry) } ?? .direct
      } else {
        self = .direct
      }
      return
    }
    let input = saturatingProduct([geometry.batch, geometry.groups, geometry.inputChannels] + geometry.window.input)
    // The copy must stay in proportion to what the caller has given.
    let fits = geometry.paddedCount / 16 <= max(input, 1 << 16)
    self = geometry.type == .float32 && fits ? .plain : .reference
  }

  var raw: Int32 {
    switch self {
    case .direct, .pointwise: Int32(CONV_DIRECT)
    case .depthwise: Int32(CONV_DEPTHWISE)
    case .winograd2: Int32(CONV_WINOGRAD_2)
    case .winograd4: Int32(CONV_WINOGRAD_4)
    case .plain, .reference: Int32(CONV_PLAIN)
    }
  }

  /// For people.
  func summary(_ geometry: ConvGeometry) -> String {
    let kernel = geometry.window.kernel.map(String.init).joined(separator: "×")
    switch self {
    case .direct: return "direct \(kernel)"
    case .pointwise: return "1×1 matrix product"
    case .depthwise: return "depthwise \(kernel)"
    case .winograd2: return "Winograd F(2×2, \(kernel))"
    case .winograd4: return "Winograd F(4×4, \(kernel))"
    case .plain:
      return geometry.groups == 1 && geometry.inputChannels <= 4 ? "first layer \(kernel)" : "general \(kernel)"
    case .reference: return "reference \(kernel)"
    }
  }

  /// The time of a 3×3 convolution, in additions and multiplications at the full rate of the cores.
  ///
  /// Small maps with many channels are bound by reading the weights, of which Winograd's tiles have more (16 or 36 for
  /// every 9), so the time is the longer of computing and reading.
  private func cost(_ geometry: ConvGeometry) -> Double {
    /// Arithmetic that fits into the time of reading one byte of weights; close for AVX2 and AVX-512 machines alike.
    let arithmeticPerByte = 9.0
    let (inputs, outputs) = (Double(geometry.inputChannels), Double(geometry.outputChannels))
    let extents = geometry.window.output.suffix(2)
    func time(tile: Int, weights: Double, transforms: Double, efficiency: Double) -> Double {
      let tiles = extents.reduce(Double(geometry.batch)) { $0 * Double(($1 + tile - 1) / tile) }
      let products = 2 * weights * inputs * outputs
      let computing = tiles * (products / efficiency + transforms * (inputs + outputs))
      return max(computing, 4 * weights * inputs * outputs * arithmeticPerByte)
    }
    switch self {
    case .winograd2: return time(tile: 2, weights: 16, transforms: 160, efficiency: 0.75)
    // Measured: on 14×14 maps F(4×4) is no faster than F(2×2), whatever the arithmetic says, and its weights take
    // more than twice the memory.
    case .winograd4: return time(tile: 4, weights: 36, transforms: 400, efficiency: 0.53)
    default: return time(tile: 1, weights: 9, transforms: 0, efficiency: 0.85)
    }
  }
}

extension ConvGeometry {
  /// Whether Winograd's algorithm can serve: undilated 3×3 windows that move by one over planes.
  fileprivate var suitsWinograd: Bool {
    window.kernel == [3, 3] && groups == 1 && window.strides.allSatisfy { $0 == 1 }
      && window.dilations.allSatisfy { $0 == 1 }
  }
}
