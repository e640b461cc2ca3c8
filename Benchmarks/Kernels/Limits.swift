import CZooPlugin
import MachineLimits
import ZooRuntime
import ZooSystem

/// The most that a number of threads gets out of the machine, measured.
struct Limits {
  /// Floating-point operations a second, of fp32.
  var flops = 0.0
  /// Bytes a second, read from memory.
  var bandwidth = 0.0

  init(threads: Int) {
    let job = Job()
    ThreadPool(workerCount: threads).withExecutor { executor in
      /// Seconds, the best of several rounds.
      func fastest(_ task: @escaping zoo_task) -> Double {
        (0..<60).map { _ in
          let time = ContinuousClock().measure {
            executor.pointee.parallel_for(executor, threads, task, Unmanaged.passUnretained(job).toOpaque())
          }
          return time / .seconds(1)
        }.min() ?? .infinity
      }
      let arithmetic = fastest { job, _, _ in
        var sink: Float = 0
        _ = limits_multiply_add(CPU.current.isa.rawValue, Job.rounds, &sink)
        Job.of(job).keep(sink)
      }
      var sink: Float = 0
      let operations = limits_multiply_add(CPU.current.isa.rawValue, 1, &sink)
      flops = Double(operations) * Double(Job.rounds) * Double(threads) / arithmetic
      let reading = fastest { job, index, _ in
        let job = Job.of(job)
        let region = job.values.baseAddress.unsafelyUnwrapped + index * Job.region
        job.keep(limits_read(region, Int64(Job.region)))
      }
      bandwidth = Double(Job.region * MemoryLayout<Float>.stride * threads) / reading
    }
    withExtendedLifetime(job) {}
  }

  /// What the tasks share.
  private final class Job {
    static let rounds: Int64 = 400_000
    /// Floats that one thread reads: far more than caches hold.
    static let region = 1 << 24
    let values: UnsafeMutableBufferPointer<Float>

    init() {
      values = .allocate(capacity: Job.region * CPU.current.usableCount * 2)
      values.initialize(repeating: 1)
    }

    deinit { values.deallocate() }

    static func of(_ argument: UnsafeMutableRawPointer?) -> Job {
      Unmanaged<Job>.fromOpaque(argument.unsafelyUnwrapped).takeUnretainedValue()
    }

    /// Uses a number, so that computing it can't be left out.
    @inline(never) func keep(_ number: Float) {
      if number == -1 { print(number) }
    }
  }
}
