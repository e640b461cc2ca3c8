import CZooPlugin
import ZooPlugin

/// The operators of ONNX's default domain that have no plugin of their own, and its optimizers.
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
      absolute, acos, acosh, adagrad, adam, add, affineGrid, and, argMax, argMin, asin, asinh, atan, atanh,
      batchNormalization, bernoulli, bitCast, bitShift, bitwiseAnd, bitwiseNot, bitwiseOr, bitwiseXor, blackmanWindow,
      cast, castLike, ceil, celu, centerCropPad, clip, compress, concat, constant, constantOfShape, cos, cosh, cumProd,
      cumSum, depthToSpace, dequantizeLinear, det, dft, div, dropout, dynamicQuantizeLinear, dynamicQuantizeLSTM,
      einsum, elu, equal, erf,
      exp, expand, eyeLike, flatten, floor, gather, gatherElements, gatherND, gelu, gemm, globalAveragePool,
      globalLpPool, globalMaxPool, greater, greaterOrEqual, gridSample, groupNormalization, gru, hammingWindow,
      hannWindow, hardmax, hardSigmoid, hardSwish, identity, instanceNormalization, inverse, isInf, isNaN,
      layerNormalization,
      leakyRelu, less, lessOrEqual, log, logSoftmax, lpNormalization, lrn, lstm, matMul, matMulInteger, maximum, mean,
      meanVarianceNormalization, melWeightMatrix, minimum, mish, mod, momentum, mul, multinomial, neg,
      negativeLogLikelihoodLoss, nonZero, not, oneHot, or, pad, pow, pRelu, productArgMax, qLinearMatMul,
      quantizeDequantize, quantizeLinear, randomNormal, randomNormalLike, randomUniform, randomUniformLike, range,
      reciprocal, reduceL1, reduceL2, reduceLogSum, reduceLogSumExp, reduceMax, reduceMean, reduceMin, reduceProd,
      reduceSum, reduceSumSquare, relu, reorder, reshape, resize, reverseSequence, rmsNormalization, rnn, round,
      scatter, scatterElements, scatterND, selu, shape, shrink, sigmoid, sign, sin, sinh, size, slice, softmax,
      softmaxCrossEntropyLoss, softplus, softsign, spaceToDepth, split, sqrt, squeeze, stft, sub, sum, swiGLU, swish,
      tan, tanh, thresholdedRelu, tile, topK, transpose, trilu, unique, unsqueeze, upsample, whereOperator, xor,
    ]
  }
}
