/// The colour that inks give as Pillow has it, without a profile.
func rgb(cyan: UInt8, magenta: UInt8, yellow: UInt8, black: UInt8) -> (UInt8, UInt8, UInt8) {
  let key = Int(255 - black)
  func remaining(_ ink: UInt8) -> UInt8 {
    // key × (255 - ink) / 255, rounded.
    let product = key * Int(ink) + 128
    return UInt8(key - (product + product >> 8) >> 8)
  }
  return (remaining(cyan), remaining(magenta), remaining(yellow))
}

/// The colour of JPEG's luminance and differences, in steps of a 64th as Pillow has it.
func rgb(luminance: UInt8, blue: UInt8, red: UInt8) -> (UInt8, UInt8, UInt8) {
  func steps(_ difference: UInt8, _ factor: Double) -> Int { Int((Double(difference) - 128) * factor * 64 + 0.5) }
  func sum(_ steps: Int) -> UInt8 { UInt8(clamping: Int(luminance) + steps >> 6) }
  return (
    sum(steps(red, 1.402)), sum(steps(blue, -0.34414) + steps(red, -0.71414)), sum(steps(blue, 1.772))
  )
}
