BvariableJPHX#>╖ож╬GNЕ╬ bС©╖ож╬~<e╬NS?)[ ╬!ят╫ ╣╘╬©x╪HX#>╜Rю?╗V>┼Хw=zв▐©HX#>NS?
t≈>╖ож╬