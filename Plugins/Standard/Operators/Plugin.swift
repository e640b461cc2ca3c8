import CZooPlugin
import ZooPlugin

/// The operators of ONNX's default domain that have no plugin of their own.
public let standardPlugin = Plugin(name: "Standard", version: "1.0.0") { host in
  Catalogue.all.map { $0(host) }
}

/// The plugin's table, for a host that loads it or has it linked in.
///
/// ```swift
/// try registry.register(standardPluginEntry(ZOO_PLUGIN_ABI_VERSION, HostTable.shared.pointer)!, origin: "linked in")
/// ```
public func standardPluginEntry(_ abi: UInt32, _ host: UnsafePointer<zoo_host>) -> UnsafePointer<zoo_plugin>? {
  standardPlugin.export(abi, host)
}

extension Catalogue {
  fileprivate static var all: [(Host) -> any Operator] {
    [
      abs, acos, acosh, add, and, asin, asinh, atan, atanh, batchNormalization, bitShift, bitwiseAnd, bitwiseNot,
      bitwiseOr, bitwiseXor, ceil, celu, clip, concat, cos, cosh, div, dropout, elu, erf, exp, flatten, floor, gelu,
      gemm, globalAveragePool, globalMaxPool, hardSigmoid, hardSwish, identity, leakyRelu, log, logSoftmax, lrn,
      matMul, max, mean, min, mish, mod, mul, neg, not, or, pRelu, reciprocal, relu, reorder, reshape, round, selu,
      shrink, sigmoid, sign, sin, sinh, softmax, softplus, softsign, sqrt, squeeze, sub, sum, swish, tan, tanh,
      thresholdedRelu, transpose, unsqueeze, xor,
    ]
  }
}
