import ZooCompiler
import ZooPatterns

/// Every pass that a region, in which facts are known, goes through for each set of input shapes, in order.
let allPasses: [any Pass] = [
  RemoveIdentities(), BatchRows(), FoldBatchNormalization(), QuantizeCopies(), QuantizeConvolutions(),
  QuantizeMatrixProducts(), MultiplyBlocks(), FuseDequantizeBinary(), FusePatterns(), FuseAttention(), FuseEpilogues(),
  NestConcats(), RemoveDeadCode(), AssignLayouts(), ReorderEarly(), MergeReorders(),
]
