import Testing
import ZooPlatform

@Suite struct SystemMemoryTests {
  /// Blocks of all sizes, given back in another order, on several threads: none lies in another one.
  @Test func blocksLieApart() async {
    await withTaskGroup(of: Bool.self) { group in
      for seed in 0..<4 {
        group.addTask {
          var generator = Generator(state: UInt64(seed) + 1)
          var blocks: [(UnsafeMutableRawPointer, Int)] = []
          func isWhole(_ block: (UnsafeMutableRawPointer, Int)) -> Bool {
            let stamp = UInt8(truncatingIfNeeded: block.1 &* 31 &+ seed)
            return [0, block.1 / 2, block.1 - 1].allSatisfy {
              block.0.load(fromByteOffset: $0, as: UInt8.self) == stamp
            }
          }
          var areWhole = true
          for _ in 0..<400 {
            if blocks.count > 24 || (!blocks.isEmpty && generator.next() % 3 == 0) {
              let block = blocks.remove(at: Int(generator.next() % UInt64(blocks.count)))
              areWhole = areWhole && isWhole(block)
              SystemMemory.release(block.0)
            } else {
              let size = 1 + Int(generator.next() % (1 << (8 + generator.next() % 17)))
              guard let memory = SystemMemory.allocate(size) else { return false }
              areWhole = areWhole && UInt(bitPattern: memory) % UInt(SystemMemory.alignment) == 0
              let stamp = UInt8(truncatingIfNeeded: size &* 31 &+ seed)
              for place in [0, size / 2, size - 1] { memory.storeBytes(of: stamp, toByteOffset: place, as: UInt8.self) }
              blocks.append((memory, size))
            }
          }
          for block in blocks {
            areWhole = areWhole && isWhole(block)
            SystemMemory.release(block.0)
          }
          return areWhole
        }
      }
      for await areWhole in group { #expect(areWhole) }
    }
  }

  @Test func whatThereIsNotIsNotGiven() {
    #expect(SystemMemory.allocate(Int.max) == nil)
    #expect(SystemMemory.allocate(-1) == nil)
    #expect(SystemMemory.allocate(1 << 60) == nil)
  }
}

private struct Generator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state >> 11
  }
}
