import Glibc

/// The CPU time and the memory that a Linux control group (a container) grants this process.
enum ControlGroup {
  /// Whole CPUs, rounded up; `nil` without a limit.
  static func cpuLimit() -> Int? {
    least("cpu") { folder, isSecond in isSecond ? maximum(folder) : quota(folder) }
      .map { max(1, Int($0.rounded(.up))) }
  }

  /// Bytes; `nil` without a limit.
  static func memoryLimit() -> Int? {
    least("memory") { folder, isSecond in
      // Version 1 has a number near 2^63 where there is no limit, version 2 the word max.
      read(folder + (isSecond ? "/memory.max" : "/memory.limit_in_bytes")).flatMap { text in
        Double(text.prefix { !$0.isWhitespace }).flatMap { $0 > 0 && $0 < 0x1p62 ? $0 : nil }
      }
    }.map { Int($0) }
  }

  /// The least of the limits that `value` reads of the folders of this process' groups.
  private static func least(_ controller: Substring, _ value: (_ folder: String, _ isSecond: Bool) -> Double?)
    -> Double?
  {
    // Without /proc, the root: a container sees its own group there.
    let groups = read("/proc/self/cgroup") ?? "0::/"
    var limit: Double?
    for line in groups.split(separator: "\n") {
      // hierarchy:controllers:path, the controllers empty in version 2
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isSecond = fields[1].isEmpty
      guard isSecond || fields[1].split(separator: ",").contains(controller) else { continue }
      let root = isSecond ? "/sys/fs/cgroup" : "/sys/fs/cgroup/\(fields[1])"
      // Every group above limits as well. In a container the path may lie outside what is mounted; the root is then
      // the container's own group.
      var parts = fields[2].split(separator: "/")
      while true {
        let folder = ([root] + parts.map(String.init)).joined(separator: "/")
        if let here = value(folder, isSecond) { limit = min(limit ?? here, here) }
        if parts.popLast() == nil { break }
      }
    }
    return limit
  }

  /// Version 2: `cpu.max` holds the quota (or `max`) and the period.
  private static func maximum(_ folder: String) -> Double? {
    guard let words = read(folder + "/cpu.max")?.split(whereSeparator: \.isWhitespace), words.count == 2 else {
      return nil
    }
    return ratio(words[0], words[1])
  }

  /// Version 1: a quota of -1 is none.
  private static func quota(_ folder: String) -> Double? {
    guard let quota = read(folder + "/cpu.cfs_quota_us"), let period = read(folder + "/cpu.cfs_period_us") else {
      return nil
    }
    return ratio(quota.prefix { !$0.isWhitespace }, period.prefix { !$0.isWhitespace })
  }

  private static func ratio(_ quota: Substring, _ period: Substring) -> Double? {
    guard let quota = Double(quota), let period = Double(period), quota > 0, period > 0, quota / period < 1e6 else {
      return nil
    }
    return quota / period
  }

  /// The first 4 KiB of a file of the kernel.
  private static func read(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    return withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
      let count = Glibc.read(file, buffer.baseAddress, buffer.count)
      guard count >= 0 else { return nil }
      return String(decoding: buffer[..<count], as: UTF8.self)
    }
  }
}
