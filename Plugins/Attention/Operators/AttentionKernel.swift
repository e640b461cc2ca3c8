import CVectorKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// Attention over blocks of queries and keys: scores live in a worker's scratch memory only, and a softmax whose terms
/// come in pieces joins the blocks (Rabe and Staats 2021, Dao et al. 2022). A few queries go row by row instead.
final class AttentionKernel: Kernel {
  private let geometry: AttentionGeometry
  private let kernels: VectorKernels
  private let outputs: [Bool]
  private let workers: Int
  /// Queries and keys of a block.
  private let queryBlock, keyBlock: Int
  /// Keys of a part, and parts, of a few queries.
  private let partSize, parts: Int
  private let memory: Memory
  /// Whether scores are what the products give, but for keys that a query may not see.
  private let isPlain: Bool

  /// Places in the workspace, in floats.
  private struct Memory {
    var mask = 0
    var key = 0
    var value = 0
    var packedKey = 0
    var packedValue = 0
    var scratch = 0
    var scratchCount = 0
    /// Keys and values of a block that are narrower as they lie, by worker.
    var widened = 0
    var widenedKeys = 0
    var widenedCount = 0
    /// Of a few queries: what each part of the keys gives, and its greatest score and sum.
    var partial = 0
    var partialTop = 0
    var partialSum = 0
    var total = 0
  }

  init(_ geometry: AttentionGeometry, kernels: VectorKernels, workers: Int, outputs: [Bool]) {
    self.geometry = geometry
    self.kernels = kernels
    self.outputs = outputs
    self.workers = workers
    // Scores that are asked for, or few, are one block.
    let wholeRows = outputs[3] || geometry.total <= 576 || geometry.queries <= Self.mostRows
    keyBlock = max(1, wholeRows ? geometry.total : 384)
    let most = max(12, min(144, (40 << 10) / keyBlock))
    let tasks = max(1, geometry.batch * geometry.heads)
    let wanted = max((geometry.queries + most - 1) / most, min(geometry.queries / 24, 4 * workers / tasks), 1)
    // Whole tiles of the matrix product, 6 or 12 rows high.
    queryBlock = max(12, ((geometry.queries + wanted - 1) / wanted + 11) / 12 * 12)

    isPlain = geometry.softcap == 0 && geometry.mask == nil && !outputs[3]
    partSize = outputs[3] ? max(1, geometry.total) : Self.partSize
    parts = (geometry.total + partSize - 1) / partSize

    var memory = Memory()
    func take(_ count: Int) -> Int {
      defer { memory.total += (count + 15) / 16 * 16 }
      return memory.total
    }
    memory.mask = take(geometry.mask.map { $0.isBool ? $0.count : 0 } ?? 0)
    let heads = geometry.batch * geometry.keyHeads
    if geometry.past > 0 {
      memory.key = take(outputs[1] ? 0 : heads * geometry.total * geometry.headSize)
      memory.value = take(outputs[2] ? 0 : heads * geometry.total * geometry.valueSize)
    }
    if geometry.queries > Self.mostRows {
      let width = kernels.raw.panel_columns
      memory.packedKey = take(heads * Self.packed(geometry.total, width) * geometry.headSize)
      memory.packedValue = take(heads * Self.packed(geometry.valueSize, width) * geometry.total)
      memory.scratchCount = (queryBlock * (keyBlock + geometry.valueSize + 3) + 15) / 16 * 16
    } else {
      memory.scratchCount = ((parts > 1 ? partSize : keyBlock) + 15) / 16 * 16
      let rows = geometry.batch * geometry.heads * geometry.queries
      memory.partial = take(rows * parts * geometry.valueSize)
      memory.partialTop = take(rows * parts)
      memory.partialSum = take(rows * parts)
    }
    memory.scratch = take(memory.scratchCount * workers)
    let rows = geometry.queries > Self.mostRows ? keyBlock : min(partSize, max(1, geometry.total))
    memory.widenedKeys = geometry.keyForm.isNarrow ? rows * Self.packed(geometry.headSize, Self.lanes) : 0
    memory.widenedCount =
      memory.widenedKeys + (geometry.valueForm.isNarrow ? rows * Self.packed(geometry.valueSize, Self.lanes) : 0)
    memory.widened = take(memory.widenedCount * workers)
    self.memory = memory
  }

  /// Up to so many queries packing keys and values costs more than it saves.
  private static let mostRows = 8

  /// Keys that stay in a worker's nearest cache while all heads that share them look at them.
  private static let partSize = 64

  /// Numbers of a vector.
  private static let lanes = 16

  /// Every block of keys but the last is a multiple of a panel, so that rounding up the whole is enough.
  private static func packed(_ columns: Int, _ width: Int) -> Int { (columns + width - 1) / width * width }

  var workspaceByteCount: Int { memory.total * 4 }

  var summary: String? {
    let kind = geometry.queries <= Self.mostRows ? "attention, query by query" : "attention in blocks"
    return geometry.queries <= Self.mostRows || keyBlock == geometry.total
      ? kind : "\(kind) of \(queryBlock)×\(keyBlock)"
  }

  /// One run's pointers.
  private struct Run {
    var query: UnsafeMutablePointer<Float>
    var key, value: UnsafeMutableRawPointer
    var keyScales, valueScales: UnsafeMutablePointer<Float>?
    var keys, values: AttentionGeometry.Matrices
    var mask: UnsafeMutablePointer<Float>?
    var valid: UnsafeMutablePointer<Int64>?
    var result: UnsafeMutablePointer<Float>
    var scores: UnsafeMutablePointer<Float>?
    var workspace: UnsafeMutablePointer<Float>
  }

  func run(_ call: Call) throws {
    let g = geometry
    guard let target = call.output(0).data?.assumingMemoryBound(to: Float.self), g.batch * g.heads * g.queries > 0
    else { return }
    guard let workspace = call.workspace?.assumingMemoryBound(to: Float.self), g.total > 0 else {
      target.update(repeating: 0, count: g.batch * g.heads * g.queries * g.valueSize)
      return
    }
    var run = Run(
      query: call.input(AttentionInput.query).pointer(), key: call.input(AttentionInput.key).pointer(as: UInt8.self),
      value: call.input(AttentionInput.value).pointer(as: UInt8.self), keys: g.key, values: g.value, result: target,
      workspace: workspace)
    if case .int8 = g.keyForm { run.keyScales = call.input(AttentionInput.keyScales).pointer() }
    if case .int8 = g.valueForm { run.valueScales = call.input(AttentionInput.valueScales).pointer() }
    if outputs[3] { run.scores = call.output(3).data?.assumingMemoryBound(to: Float.self) }
    if g.hasValidKeys {
      run.valid = call.input(AttentionInput.validKeys).pointer()
      for sample in 0..<g.batch {
        guard let count = run.valid?[sample], count >= 0, count <= g.total else {
          throw OperatorError("nonpad_kv_seqlen of sample \(sample) is outside 0 to \(g.total)")
        }
      }
    }
    let steps = saturatingProduct([g.batch, g.heads, g.queries, g.total, g.headSize + g.valueSize]) / 16
    gatherCache(call, &run)
    gatherMask(call, &run)
    if g.queries <= Self.mostRows { return attendByRow(run, on: call.executor, steps: steps) }
    let current = run
    call.executor.parallelFor(2 * g.batch * g.keyHeads, steps: steps) { task, worker in
      self.pack(
        current, sample: task / 2 / g.keyHeads, head: task / 2 % g.keyHeads, isKey: task % 2 == 0, worker: worker)
    }
    let blocks = (g.queries + queryBlock - 1) / queryBlock
    call.executor.parallelFor(g.batch * g.heads * blocks, steps: steps) { task, worker in
      let first = task % blocks * self.queryBlock
      self.attend(
        current, sample: task / blocks / g.heads, head: task / blocks % g.heads,
        queries: first..<min(g.queries, first + self.queryBlock), worker: worker)
    }
  }

  // MARK: Inputs

  /// Past and new keys and values, one after the other, where the node's outputs want them or there is a past.
  private func gatherCache(_ call: Call, _ run: inout Run) {
    let g = geometry
    func gather(
      _ past: Int, _ new: UnsafeMutableRawPointer, _ matrices: AttentionGeometry.Matrices, size: Int,
      to target: UnsafeMutablePointer<Float>
    ) -> AttentionGeometry.Matrices {
      let new = new.assumingMemoryBound(to: Float.self)
      let joined = AttentionGeometry.Matrices(isFlat: false, heads: g.keyHeads, rows: g.total, size: size)
      let before = AttentionGeometry.Matrices(isFlat: false, heads: g.keyHeads, rows: g.past, size: size)
      let old: UnsafeMutablePointer<Float>? = g.past > 0 ? call.input(past).pointer() : nil
      call.executor.parallelFor(g.batch * g.keyHeads) { task, _ in
        let (sample, head) = (task / g.keyHeads, task % g.keyHeads)
        let to = target + joined.offset(sample: sample, head: head)
        if let old { to.update(from: old + before.offset(sample: sample, head: head), count: g.past * size) }
        for row in 0..<g.keys {
          (to + (g.past + row) * size).update(
            from: new + matrices.offset(sample: sample, head: head, row: row), count: size)
        }
      }
      return joined
    }
    func place(_ output: Int, _ spare: Int) -> UnsafeMutablePointer<Float>? {
      if outputs[output], let data = call.output(output).data { return data.assumingMemoryBound(to: Float.self) }
      return g.past > 0 ? run.workspace + spare : nil
    }
    if let target = place(1, memory.key) {
      run.keys = gather(AttentionInput.pastKey, run.key, g.key, size: g.headSize, to: target)
      run.key = UnsafeMutableRawPointer(target)
    }
    if let target = place(2, memory.value) {
      run.values = gather(AttentionInput.pastValue, run.value, g.value, size: g.valueSize, to: target)
      run.value = UnsafeMutableRawPointer(target)
    }
  }

  /// The mask as numbers to add.
  private func gatherMask(_ call: Call, _ run: inout Run) {
    guard let mask = geometry.mask else { return }
    let input = call.input(AttentionInput.mask)
    guard mask.isBool else {
      run.mask = input.pointer()
      return
    }
    let (source, target) = (input.pointer(as: UInt8.self), run.workspace + memory.mask)
    call.executor.parallelRanges(mask.count, grain: 1 << 14) { range in
      for index in range { target[index] = source[index] != 0 ? 0 : -.infinity }
    }
    run.mask = target
  }

  /// Keys or values `rows` of one head as float32: where they lie or are made, and how far they are apart.
  private func rows(
    _ run: Run, isKey: Bool, sample: Int, head: Int, _ rows: Range<Int>, worker: Int
  ) -> (first: UnsafeMutablePointer<Float>, stride: Int) {
    let (data, matrices, form) =
      isKey ? (run.key, run.keys, geometry.keyForm) : (run.value, run.values, geometry.valueForm)
    let (size, scales) =
      isKey ? (geometry.headSize, run.keyScales) : (geometry.valueSize, run.valueScales)
    let first = matrices.offset(sample: sample, head: head, row: rows.lowerBound)
    if case .float32 = form { return (data.assumingMemoryBound(to: Float.self) + first, matrices.row) }
    let target = run.workspace + memory.widened + worker * memory.widenedCount + (isKey ? 0 : memory.widenedKeys)
    let stride = Self.packed(size, Self.lanes)
    for row in 0..<rows.count {
      let (place, to) = (first + row * matrices.row, target + row * stride)
      if case .int8(let block) = form, let scales {
        let bytes = data.assumingMemoryBound(to: Int8.self) + place
        kernels.raw.scale_bytes(bytes, scales + place / block, block, to, size)
      } else {
        kernels.raw.widen(Int32(ZS_HALVES.rawValue), data.assumingMemoryBound(to: UInt16.self) + place, to, size)
      }
    }
    return (target, stride)
  }

  private func pack(_ run: Run, sample: Int, head: Int, isKey: Bool, worker: Int) {
    let g = geometry
    let (width, index) = (kernels.raw.panel_columns, sample * g.keyHeads + head)
    for first in stride(from: 0, to: g.total, by: keyBlock) {
      let count = min(keyBlock, g.total - first)
      let (source, row) = rows(
        run, isKey: isKey, sample: sample, head: head, first..<first + count, worker: worker)
      if isKey {
        let target =
          run.workspace + memory.packedKey
          + (index * Self.packed(g.total, width) + first) * g.headSize
        kernels.raw.pack(
          source, 1, row, g.headSize, count, g.scale, 0, (count + width - 1) / width, target)
      } else {
        let columns = Self.packed(g.valueSize, width)
        let target = run.workspace + memory.packedValue + (index * g.total + first) * columns
        kernels.raw.pack(source, row, 1, count, g.valueSize, 1, 0, columns / width, target)
      }
    }
  }

  // MARK: Attention

  /// A block of queries of one head.
  private func attend(_ run: Run, sample: Int, head: Int, queries: Range<Int>, worker: Int) {
    let g = geometry
    let width = kernels.raw.panel_columns
    let index = sample * g.keyHeads + head / (g.heads / g.keyHeads)
    let scores = run.workspace + memory.scratch + worker * memory.scratchCount
    let partial = scores + queryBlock * keyBlock
    let tops = partial + queryBlock * g.valueSize
    let sums = tops + queryBlock
    let isOpen = sums + queryBlock
    tops.update(repeating: -.infinity, count: queries.count)
    sums.update(repeating: 0, count: queries.count)
    isOpen.update(repeating: 0, count: queries.count)
    let seen = seen(run, sample: sample, by: queries)
    let result = run.result + g.result.offset(sample: sample, head: head, row: queries.lowerBound)

    var isFirst = true
    for first in stride(from: seen.lowerBound / keyBlock * keyBlock, to: seen.upperBound, by: keyBlock) {
      let count = min(keyBlock, g.total - first)
      multiply(
        run.query + g.query.offset(sample: sample, head: head, row: queries.lowerBound), stride: g.query.row,
        run.workspace + memory.packedKey + (index * Self.packed(g.total, width) + first) * g.headSize,
        into: scores, stride: keyBlock, rows: queries.count, columns: count, depth: g.headSize)
      for (row, query) in queries.enumerated() {
        let line = scores + row * keyBlock
        let visible = g.visible(to: query, valid: run.valid.map { Int($0[sample]) })
        let open = adjust(
          line, run, sample: sample, head: head, query: query, keys: first..<first + count, visible: visible)
        if open { isOpen[row] = 1 }
        let factor = kernels.raw.softmax_piece(line, count, tops + row, sums + row)
        if !isFirst {
          let sofar = result + row * g.result.row
          kernels.raw.affine(sofar, sofar, g.valueSize, factor, 0)
        }
      }
      let columns = Self.packed(g.valueSize, width)
      let values = run.workspace + memory.packedValue + (index * g.total + first) * columns
      multiply(
        scores, stride: keyBlock, values, into: isFirst ? result : partial,
        stride: isFirst ? g.result.row : g.valueSize, rows: queries.count, columns: g.valueSize, depth: count)
      if !isFirst {
        for row in 0..<queries.count {
          let sofar = result + row * g.result.row
          kernels.raw.binary(ZS_ADD.code, sofar, 1, partial + row * g.valueSize, 1, sofar, g.valueSize)
        }
      }
      isFirst = false
    }
    for (row, query) in queries.enumerated() {
      finish(
        result + row * g.result.row, sum: sums[row], isOpen: !isFirst && isOpen[row] == 1,
        probabilities: scores + row * keyBlock,
        run, sample: sample, head: head, query: query)
    }
  }

  // MARK: Few queries

  /// Each part of the keys by itself, whoever looks at the others, so that numbers don't depend on who shares the work;
  /// then what the parts give is joined.
  private func attendByRow(_ run: Run, on executor: Executor, steps: Int) {
    let g = geometry
    let groups = g.batch * g.keyHeads
    let splits = Self.splits(of: groups, workers: executor.workerCount, most: parts)
    executor.parallelFor(groups * splits, steps: steps) { task, worker in
      let (sample, keyHead) = (task / splits / g.keyHeads, task / splits % g.keyHeads)
      let seen = self.seen(run, sample: sample, by: 0..<g.queries)
      let all = seen.lowerBound / self.partSize..<(seen.upperBound + self.partSize - 1) / self.partSize
      let (split, count) = (task % splits, all.count)
      for part in all.lowerBound + count * split / splits..<all.lowerBound + count * (split + 1) / splits {
        self.attend(run, sample: sample, keyHead: keyHead, part: part, seen: seen, worker: worker)
      }
    }
    executor.parallelFor(g.batch * g.heads * g.queries, steps: steps / partSize) { row, _ in
      self.join(run, row: row)
    }
  }

  /// Into how many tasks the keys of each group of heads go, so that workers have as much to do as others.
  private static func splits(of groups: Int, workers: Int, most: Int) -> Int {
    guard most > 1, groups < 4 * workers else { return 1 }
    let fair = (1...workers).first { groups * $0 % workers == 0 } ?? workers
    return min(fair, most)
  }

  /// From the first to the last key of a sample that any of the queries needs.
  private func seen(_ run: Run, sample: Int, by queries: Range<Int>) -> Range<Int> {
    var (low, high) = (geometry.total, 0)
    for query in queries {
      let keys = keys(run, sample: sample, query: query)
      guard !keys.isEmpty else { continue }
      (low, high) = (min(low, keys.lowerBound), max(high, keys.upperBound))
    }
    return low < high ? low..<high : 0..<0
  }

  /// The keys whose scores a query needs.
  private func keys(_ run: Run, sample: Int, query: Int) -> Range<Int> {
    run.scores != nil
      ? 0..<geometry.total : geometry.visible(to: query, valid: run.valid.map { Int($0[sample]) })
  }

  /// One part of the keys, for all queries of the heads that share them.
  private func attend(_ run: Run, sample: Int, keyHead: Int, part: Int, seen: Range<Int>, worker: Int) {
    let g = geometry
    let scores = run.workspace + memory.scratch + worker * memory.scratchCount
    let shared = g.heads / g.keyHeads
    let whole = seen.clamped(to: part * partSize..<(part + 1) * partSize)
    let keyRows = rows(run, isKey: true, sample: sample, head: keyHead, whole, worker: worker)
    let valueRows = rows(run, isKey: false, sample: sample, head: keyHead, whole, worker: worker)
    for head in keyHead * shared..<(keyHead + 1) * shared {
      for query in 0..<g.queries {
        let visible = g.visible(to: query, valid: run.valid.map { Int($0[sample]) })
        let keys = keys(run, sample: sample, query: query).clamped(to: whole)
        let first = keys.lowerBound - whole.lowerBound
        let place = ((sample * g.heads + head) * g.queries + query) * parts + part
        var (top, sum) = (-Float.infinity, Float(0))
        if !keys.isEmpty {
          kernels.raw.dots(
            run.query + g.query.offset(sample: sample, head: head, row: query),
            keyRows.first + first * keyRows.stride, keyRows.stride, keys.count, g.headSize, g.scale, scores)
          let isOpen = adjust(
            scores, run, sample: sample, head: head, query: query, keys: keys, visible: visible)
          _ = kernels.raw.softmax_piece(scores, keys.count, &top, &sum)
          kernels.raw.weighted_sum(
            scores, valueRows.first + first * valueRows.stride, valueRows.stride, keys.count, g.valueSize,
            run.workspace + memory.partial + place * g.valueSize)
          if !isOpen { (top, sum) = (-.infinity, 0) }
          showProbabilities(scores, sum: sum, run, sample: sample, head: head, query: query)
        }
        run.workspace[memory.partialTop + place] = top
        run.workspace[memory.partialSum + place] = sum
      }
    }
  }

  /// What the parts of a query give together.
  private func join(_ run: Run, row: Int) {
    let g = geometry
    let (sample, head, query) = (row / g.queries / g.heads, row / g.queries % g.heads, row % g.queries)
    let seen = keys(run, sample: sample, query: query)
    let places = seen.lowerBound / partSize..<(seen.upperBound + partSize - 1) / partSize
    let first = row * parts + places.lowerBound
    let (tops, sums) = (run.workspace + memory.partialTop + first, run.workspace + memory.partialSum + first)
    let result = run.result + g.result.offset(sample: sample, head: head, row: query)
    guard !places.isEmpty else { return result.update(repeating: 0, count: g.valueSize) }
    let top = kernels.raw.reduce(ZS_REDUCE_MAX.code, tops, places.count)
    // Tops become what the parts weigh.
    kernels.raw.affine(tops, tops, places.count, 1, -top)
    kernels.raw.unary(ZS_EXP.code, tops, tops, places.count, 0, 0)
    var sum: Float = 0
    for place in 0..<places.count { sum += tops[place] * sums[place] }
    guard top != -.infinity, sum != 0 else { return result.update(repeating: 0, count: g.valueSize) }
    kernels.raw.affine(tops, tops, places.count, 1 / sum, 0)
    kernels.raw.weighted_sum(
      tops, run.workspace + memory.partial + first * g.valueSize, g.valueSize, places.count, g.valueSize, result)
  }

  private func multiply(
    _ a: UnsafeMutablePointer<Float>, stride: Int, _ b: UnsafeMutablePointer<Float>,
    into c: UnsafeMutablePointer<Float>, stride cStride: Int, rows: Int, columns: Int, depth: Int
  ) {
    var product = zs_gemm()
    product.a = UnsafePointer(a)
    product.a_stride = stride
    product.b = UnsafePointer(b)
    product.c = c
    product.c_stride = cStride
    (product.rows, product.columns, product.depth) = (rows, columns, depth)
    product.activation = ZS_IDENTITY.code
    let width = kernels.raw.panel_columns
    kernels.multiply(&product, rows: 0..<rows, panels: 0..<(columns + width - 1) / width)
  }

  /// Softcap, mask and what a query may not see, applied to its scores for `keys`.
  ///
  /// - Returns: whether the query sees any of them.
  private func adjust(
    _ scores: UnsafeMutablePointer<Float>, _ run: Run, sample: Int, head: Int, query: Int, keys: Range<Int>,
    visible: Range<Int>
  ) -> Bool {
    let g = geometry
    if isPlain, visible.lowerBound <= keys.lowerBound, keys.upperBound <= visible.upperBound { return true }
    show(scores, .product, run, sample: sample, head: head, query: query)
    if g.softcap > 0 {
      kernels.raw.affine(scores, scores, keys.count, 1 / g.softcap, 0)
      kernels.raw.unary(ZS_TANH.code, scores, scores, keys.count, 0, 0)
      kernels.raw.affine(scores, scores, keys.count, g.softcap, 0)
    }
    show(scores, .capped, run, sample: sample, head: head, query: query)
    let seen = visible.clamped(to: keys)
    var isOpen = !seen.isEmpty
    if isOpen, let geometry = g.mask, let mask = run.mask {
      let line = mask + geometry.offset(sample: sample, head: head, row: query) + seen.lowerBound
      let place = scores + (seen.lowerBound - keys.lowerBound)
      kernels.raw.binary(ZS_ADD.code, place, 1, line, 1, place, seen.count)
      isOpen = kernels.raw.reduce(ZS_REDUCE_MAX.code, line, seen.count) != -.infinity
    }
    for hidden in [keys.lowerBound..<seen.lowerBound, seen.upperBound..<keys.upperBound] where !seen.isEmpty {
      (scores + (hidden.lowerBound - keys.lowerBound)).update(repeating: -.infinity, count: hidden.count)
    }
    if seen.isEmpty { scores.update(repeating: -.infinity, count: keys.count) }
    show(scores, .biased, run, sample: sample, head: head, query: query)
    return isOpen
  }

  /// Writes a row of scores out, if the node asks for them at this stage.
  private func show(
    _ scores: UnsafeMutablePointer<Float>, _ stage: ScoresOutput, _ run: Run, sample: Int, head: Int, query: Int
  ) {
    guard let target = run.scores, geometry.scores == stage else { return }
    let row = (sample * geometry.heads + head) * geometry.queries + query
    (target + row * geometry.total).update(from: scores, count: geometry.total)
  }

  /// Divides by the softmax's sum; a query that sees nothing gives zeros.
  private func finish(
    _ result: UnsafeMutablePointer<Float>, sum: Float, isOpen: Bool, probabilities: UnsafeMutablePointer<Float>,
    _ run: Run, sample: Int, head: Int, query: Int
  ) {
    let isEmpty = !isOpen || sum == 0
    if isEmpty {
      result.update(repeating: 0, count: geometry.valueSize)
    } else {
      kernels.raw.affine(result, result, geometry.valueSize, 1 / sum, 0)
    }
    showProbabilities(probabilities, sum: isEmpty ? 0 : sum, run, sample: sample, head: head, query: query)
  }

  /// - Parameter sum: 0 where the query sees nothing.
  private func showProbabilities(
    _ probabilities: UnsafeMutablePointer<Float>, sum: Float, _ run: Run, sample: Int, head: Int, query: Int
  ) {
    guard run.scores != nil, geometry.scores == .softmax else { return }
    if sum == 0 {
      probabilities.update(repeating: 0, count: geometry.total)
    } else {
      kernels.raw.affine(probabilities, probabilities, geometry.total, 1 / sum, 0)
    }
    show(probabilities, .softmax, run, sample: sample, head: head, query: query)
  }
}
