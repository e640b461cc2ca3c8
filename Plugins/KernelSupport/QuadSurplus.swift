import CVectorKernels
import ZooPlugin

/// What is taken off the quads of a constant matrix, so that processors without VNNI multiply the rest faster.
package struct QuadSurplus: Sendable {
  private let memory: HostMemory
  private let panels, capacity: Int

  /// Takes it off `panels` panels, each of `taps` runs of `steps` quads, of which the sums are made already.
  package init(
    of start: UnsafeMutablePointer<Float>, panels: Int, taps: Int, steps: Int, host: ZooHost, executor: Executor
  ) throws {
    let (raw, length) = (host.kernels.raw, taps * steps)
    let width = raw.panel_columns
    let counts = try host.scratch(panels, of: Int32.self)
    let grain = max(1, 65536 / max(length * width, 1))
    executor.parallelRanges(panels, grain: grain) { range in
      for panel in range {
        let count = raw.bytes.count_surplus(start + panel * length * width, length)
        // With much of it, the slower way for all numbers is the faster one.
        counts[panel] = count > length / 3 ? -1 : Int32(count)
      }
    }
    capacity = max(0, Int(counts.max() ?? 0))
    self.panels = panels
    memory = try host.allocate(panels * (capacity * (width * 4 + MemoryLayout<zs_step>.stride) + 4))
    let (quads, places, kept) = parts(width)
    executor.parallelRanges(panels, grain: grain) { [capacity] range in
      for panel in range {
        kept[panel] = counts[panel]
        guard counts[panel] > 0 else { continue }
        raw.bytes.take_surplus(
          start + panel * length * width, taps, steps, quads + panel * capacity * width, places + panel * capacity)
      }
    }
  }

  private func parts(
    _ width: Int
  ) -> (quads: UnsafeMutablePointer<Float>, places: UnsafeMutablePointer<zs_step>, counts: UnsafeMutablePointer<Int32>)
  {
    let quads = memory.address
    let places = quads + panels * capacity * width * 4
    let counts = places + panels * capacity * MemoryLayout<zs_step>.stride
    return (
      quads.assumingMemoryBound(to: Float.self), places.assumingMemoryBound(to: zs_step.self),
      counts.assumingMemoryBound(to: Int32.self)
    )
  }

  /// That of the panels from number `first` on.
  package func raw(from first: Int = 0, width: Int) -> zs_surplus {
    let (quads, places, counts) = parts(width)
    return zs_surplus(
      counts: counts + first, places: places + first * capacity, quads: quads + first * capacity * width,
      capacity: capacity)
  }
}
