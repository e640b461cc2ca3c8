// How long handing a job to the thread pool takes: an empty `parallel_for` of two tasks, on two workers.
//
//     swift run -c release HandOffBenchmark

import CZooPlugin
import Glibc
import ZooRuntime
import ZooSystem

let pool = ThreadPool(workerCount: 2)

/// Microseconds of one empty job.
func measure(_ executor: UnsafePointer<zoo_executor>) -> Double {
  var start = timespec()
  var end = timespec()
  clock_gettime(CLOCK_MONOTONIC, &start)
  executor.pointee.parallel_for(executor, 2, { _, _, _ in }, nil)
  clock_gettime(CLOCK_MONOTONIC, &end)
  return Double(end.tv_sec - start.tv_sec) * 1e6 + Double(end.tv_nsec - start.tv_nsec) / 1e3
}

/// As `measure`, but each task waits until the other has begun, so that the helper has to come.
func meeting(_ executor: UnsafePointer<zoo_executor>) -> Double {
  let meeting = Meeting()
  var start = timespec()
  var end = timespec()
  clock_gettime(CLOCK_MONOTONIC, &start)
  executor.pointee.parallel_for(executor, 2, Meeting.attend, Unmanaged.passUnretained(meeting).toOpaque())
  clock_gettime(CLOCK_MONOTONIC, &end)
  return Double(end.tv_sec - start.tv_sec) * 1e6 + Double(end.tv_nsec - start.tv_nsec) / 1e3
}

func report(_ name: String, _ samples: [Double]) {
  let sorted = samples.sorted()
  let text = [0, 10, 50, 90].map { "\(Double(Int(sorted[(sorted.count - 1) * $0 / 100] * 100)) / 100)" }
  print("\(name): minimum, 10 %, median, 90 % in µs: \(text.joined(separator: ", "))")
}

pool.withExecutor { executor in
  _ = (0..<1000).map { _ in measure(executor) }
  report("empty, back to back", (0..<20_000).map { _ in measure(executor) })
  report("both take part, back to back", (0..<20_000).map { _ in meeting(executor) })
  let idle = { (job: (UnsafePointer<zoo_executor>) -> Double) in
    (0..<500).map { _ in
      usleep(1000)
      return job(executor)
    }
  }
  report("empty, after 1 ms idle", idle(measure))
  report("both take part, after 1 ms idle", idle(meeting))
}
