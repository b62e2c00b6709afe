"""Day 2: the simulator in your browser. The program itself lives in lab/."""

from lab.server import main

if __name__ == "__main__":
    main()
