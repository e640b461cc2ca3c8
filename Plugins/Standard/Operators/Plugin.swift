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
      absolute, acos, acosh, add, and, argMax, argMin, asin, asinh, atan, atanh, batchNormalization, bitShift,
      bitwiseAnd, bitwiseNot, bitwiseOr, bitwiseXor, cast, castLike, ceil, celu, clip, concat, constant,
      constantOfShape, cos, cosh, dequantizeLinear, div, dropout, dynamicQuantizeLinear, elu, equal, erf, exp, expand,
      flatten, floor, gather, gelu, gemm,
      globalAveragePool, globalMaxPool, greater, greaterOrEqual, hardSigmoid, hardSwish, identity, isInf, isNaN,
      layerNormalization, leakyRelu, less, lessOrEqual, log, logSoftmax, lrn, matMul, maximum, mean, minimum, mish,
      mod, mul, neg, not, or, pRelu, pad, pow, productArgMax, quantizeLinear, range, reciprocal, reduceL1, reduceL2,
      reduceLogSum,
      reduceLogSumExp,
      reduceMax, reduceMean, reduceMin, reduceProd, reduceSum, reduceSumSquare, relu, reorder, reshape, round, selu,
      shape, shrink, sigmoid, sign, sin, sinh, size, slice, softmax, softplus, softsign, split, sqrt, squeeze, sub,
      sum, swish, tan, tanh, thresholdedRelu, tile, topK, transpose, unsqueeze, whereOperator, xor,
    ]
  }
}
