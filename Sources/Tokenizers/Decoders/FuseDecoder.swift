/// Joins all tokens, so that what follows sees one.
struct FuseDecoder: TokenDecoder {
  func decode(_ tokens: [[UInt8]], _ budget: Budget) -> [[UInt8]] { [tokens.flatMap { $0 }] }
}
