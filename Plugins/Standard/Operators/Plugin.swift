import CZooPlugin
import KernelSupport
import PluginSupport
import ZooPlugin

/// The operators of ONNX's default domain that have no plugin of their own, and its optimizers.
public let standardPlugin = Plugin(name: "Standard", version: "1.0.0") { host in
  UnaryFunction.all.map { UnaryOperator($0, host: host) } + Catalogue.all.map { $0(host) }
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
  fileprivate static var all: [(ZooHost) -> any Operator] {
    [
      adagrad, adam, add, affineGrid, and, argMax, argMin, batchNormalization, bernoulli, bitCast, bitShift,
      bitwiseAnd, bitwiseOr, bitwiseXor, blackmanWindow, blockMatMul, cast, castLike, centerCropPad, clip, compress,
      concat,
      constant, constantOfShape, cumProd, cumSum, depthToSpace, dequantizeBlocks, dequantizeLinear, det, dft, div,
      dropout,
      dynamicQuantizeLinear, dynamicQuantizeLSTM, einsum, equal, expand, eyeLike, flatten, gather, gatherElements,
      gatherND, gemm,
      globalAveragePool, globalLpPool, globalMaxPool, greater, greaterOrEqual, gridSample, groupNormalization, gru,
      hammingWindow, hannWindow, hardmax, identity, instanceNormalization, interleave, inverse, isInf, isNaN,
      layerNormalization,
      less, lessOrEqual, logSoftmax, lpNormalization, lrn, lstm, matMul, matMulInteger, maximum, mean,
      meanVarianceNormalization, melWeightMatrix, minimum, mod, momentum, mul, multinomial, negativeLogLikelihoodLoss,
      nonZero, oneHot, or, pad, pow, pRelu, productArgMax, qLinearMatMul, quantizeDequantize, quantizeLinear,
      dequantizeAdd, dequantizeMul, quantizedMatMul,
      randomNormal, randomNormalLike, randomUniform, randomUniformLike, range, reduceL1, reduceL2, reduceLogSum,
      reduceLogSumExp, reduceMax, reduceMean, reduceMin, reduceProd, reduceSum, reduceSumSquare, reorder, reshape,
      resize, reverseSequence, rmsNormalization, rnn, scatter, scatterElements, scatterND, selectChannels, shape, size,
      slice, softmax, softmaxCrossEntropyLoss, spaceToDepth, split, squeeze, stft, sub, sum, swiGLU, tile, topK,
      transpose, trilu, unique, unsqueeze, upsample, whereOperator, xor,
    ]
  }
}
