import CZooPlugin
import Synchronization

/// One run of a kernel.
public struct Call {
  public let raw: UnsafePointer<zoo_call>
  public let host: ZooHost

  /// For a kernel that runs another one on changed tensors.
  public init(_ raw: UnsafePointer<zoo_call>, host: ZooHost) { (self.raw, self.host) = (raw, host) }

  public var inputCount: Int { raw.pointee.input_count }
  public var outputCount: Int { raw.pointee.output_count }

  public func input(_ index: Int) -> TensorView {
    TensorView(raw.pointee.inputs[index].unsafelyUnwrapped, host: host)
  }

  public func optionalInput(_ index: Int) -> TensorView? {
    TensorView(raw.pointee.inputs, index, count: raw.pointee.input_count, host: host)
  }

  public func output(_ index: Int) -> TensorView {
    TensorView(raw.pointee.outputs[index].unsafelyUnwrapped, host: host)
  }

  /// Scratch memory of the size that the kernel asked for, aligned to 64 bytes.
  public var workspace: UnsafeMutableRawPointer? { raw.pointee.workspace }
  public var executor: Executor { Executor(raw.pointee.executor) }

  /// Memory for an output whose shape the host may not have known.
  ///
  /// - Throws: `OperatorError` where there is none (`outOfMemory`), and for another shape than the host has made room for.
  public func allocateOutput(_ index: Int, shape: [Int]) throws -> UnsafeMutableRawPointer {
    if let known = output(index).data {
      guard output(index).shape == shape else {
        throw OperatorError("output \(index) is of shape \(shape), not \(output(index).shape)")
      }
      return known
    }
    let dimensions = shape.map(Int64.init)
    guard let memory = raw.pointee.allocate_output(raw, index, dimensions, Int32(shape.count)) else {
      throw OperatorError("no memory for an output of shape \(shape)", kind: .outOfMemory)
    }
    return memory
  }

  /// A copy of `bytes` that an output of strings can hold.
  ///
  /// - Throws: `OperatorError` (`outOfMemory`).
  public func string(_ bytes: [UInt8]) throws -> zoo_string { try bytes.withUnsafeBytes(string) }

  /// A copy of a string of an input that an output can hold.
  ///
  /// - Throws: `OperatorError` (`outOfMemory`).
  public func string(_ string: zoo_string) throws -> zoo_string {
    try self.string(UnsafeRawBufferPointer(start: string.bytes, count: string.count))
  }

  private func string(_ bytes: UnsafeRawBufferPointer) throws -> zoo_string {
    let copy = raw.pointee.copy_string(raw, bytes.bindMemory(to: CChar.self).baseAddress, bytes.count)
    guard bytes.isEmpty || copy.bytes != nil else {
      throw OperatorError("no memory for a string of \(bytes.count) bytes", kind: .outOfMemory)
    }
    return copy
  }
}

/// Workers that share out a task. Valid during the call that passes it only.
public struct Executor {
  public let raw: UnsafePointer<zoo_executor>

  init(_ raw: UnsafePointer<zoo_executor>) { self.raw = raw }

  /// The thread that calls, by itself: for what one of several workers does.
  package static var alone: Executor { Executor(lone.raw) }

  private struct Lone: @unchecked Sendable {
    let raw: UnsafePointer<zoo_executor>
  }

  private static let lone: Lone = {
    let raw = UnsafeMutablePointer<zoo_executor>.allocate(capacity: 1)
    raw.initialize(to: zoo_executor())
    raw.pointee.worker_count = 1
    raw.pointee.parallel_for = { _, count, body, argument in
      for index in 0..<max(count, 0) { body?(argument, index, 0) }
    }
    return Lone(raw: raw)
  }()

  /// The number of workers; worker numbers are below it.
  public var workerCount: Int { Int(raw.pointee.worker_count) }

  /// What takes fewer steps is no piece for another thread, which takes as long to join.
  private static let leastSteps = 1 << 13

  /// How many of `count` things a piece has at least, where all together go through so many vectors or single numbers.
  private func grain(of count: Int, steps: Int) -> Int {
    steps < 2 * Self.leastSteps ? count : max(1, count / (steps / Self.leastSteps))
  }

  /// Whether `count` things come to more than one piece: little work stays on this thread.
  private func isDivided(_ count: Int, grain: Int) -> Bool { workerCount > 1 && count / max(grain, 1) > 1 }

  /// Calls `body(index, worker)` once for each index below `count`, on any worker, and returns when all are done.
  ///
  /// - Parameters:
  ///   - count: How often `body` is called.
  ///   - steps: About how many vectors or single numbers all calls together go through: little work stays on this thread.
  ///   - body: The work of one index.
  public func parallelFor(_ count: Int, steps: Int = .max, _ body: (_ index: Int, _ worker: Int) -> Void) {
    guard count > 1, isDivided(count, grain: grain(of: count, steps: steps)) else {
      for index in 0..<max(count, 0) { body(index, 0) }
      return
    }
    withoutActuallyEscaping(body) { body in
      var box = body
      withUnsafeMutablePointer(to: &box) { pointer in
        raw.pointee.parallel_for(
          raw, count,
          { argument, index, worker in
            argument.unsafelyUnwrapped.assumingMemoryBound(to: ((Int, Int) -> Void).self).pointee(index, Int(worker))
          }, pointer)
      }
    }
  }

  /// As `parallelFor`, with a body that may fail: throws one of the errors when all calls have ended.
  public func parallelTry(_ count: Int, _ body: (_ index: Int) throws -> Void) throws {
    let failure = Mutex<(any Error & Sendable)?>(nil)
    parallelFor(count) { index, _ in
      do {
        try body(index)
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// As `parallelFor`, with ranges that cover `0..<count`.
  public func parallelRanges(_ count: Int, steps: Int, _ body: (Range<Int>) -> Void) {
    parallelRanges(count, grain: grain(of: count, steps: steps), body)
  }

  /// Calls `body` with ranges that cover `0..<count`, each at least `grain` long where possible.
  public func parallelRanges(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
    guard count > 0 else { return }
    guard isDivided(count, grain: grain) else { return body(0..<count) }
    // A few ranges a worker even out what the cores do at different speed.
    let pieces = min(count / max(grain, 1), workerCount * 4)
    parallelFor(pieces) { index, _ in body(count * index / pieces..<count * (index + 1) / pieces) }
  }
}

/// What the host offers; set when it loads the plugin.
public struct ZooHost: Sendable {
  nonisolated(unsafe) let raw: UnsafePointer<zoo_host>

  public enum ISA: Int32, Sendable, Comparable {
    case generic = 0
    case avx2 = 1
    case avx512 = 2
    public static func < (left: ISA, right: ISA) -> Bool { left.rawValue < right.rawValue }
  }

  /// The best instruction set that kernels may use.
  public var isa: ISA { ISA(rawValue: raw.pointee.isa) ?? .generic }
  /// ZOO_CPU_ bits.
  public var features: UInt32 { raw.pointee.cpu_features }
  public var l1ByteCount: Int { raw.pointee.l1_bytes }
  public var l2ByteCount: Int { raw.pointee.l2_bytes }
  public var l3ByteCount: Int { raw.pointee.l3_bytes }

  /// Memory of `byteCount` bytes that frees itself.
  ///
  /// - Throws: `OperatorError` (`outOfMemory`).
  public func allocate(_ byteCount: Int) throws -> HostMemory {
    guard byteCount >= 0, let address = raw.pointee.allocate(byteCount) else {
      throw OperatorError("no memory for \(byteCount) bytes", kind: .outOfMemory)
    }
    return HostMemory(address: address, byteCount: byteCount, release: raw.pointee.release)
  }
}

/// Memory from the host, aligned to 64 bytes, freed with its last reference. Written before it is shared.
public final class HostMemory: @unchecked Sendable {
  public let address: UnsafeMutableRawPointer
  public let byteCount: Int
  private let release: @convention(c) (UnsafeMutableRawPointer?) -> Void

  init(
    address: UnsafeMutableRawPointer, byteCount: Int,
    release: @escaping @convention(c) (UnsafeMutableRawPointer?) -> Void
  ) {
    self.address = address
    self.byteCount = byteCount
    self.release = release
  }

  deinit { release(address) }
}
